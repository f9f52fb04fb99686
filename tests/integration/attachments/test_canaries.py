"""Neither the database nor the bucket shows what a document is called, what it says or what its hash is."""

from uuid import uuid4

import pytest

from chassis.refusal import Refusal
from tests.integration.attachments.house import House, header, sha256, staff
from tests.integration.attachments.traces import Traces

_NAME = "Kanarienvogel-Schwangerschaft-Ütrecht.pdf"
_TEXT = b"%PDF-1.7\nDer Kanarienvogel Nachtigall hat eine Depression.\n" * 4_000


async def test_a_dump_and_the_bucket_hold_no_canary(house: House, traces: Traces) -> None:
    physician, patient_id = staff(), uuid4()
    sent = header(patient_id, file_name=_NAME, media_type='application/pdf; name="Kanarienvogel"')
    uploaded = await house.upload(physician, _TEXT, sent)
    await house.claim(physician, patient_id, uploaded.attachment_id, message_id=uuid4())
    await house.download(physician, uploaded.attachment_id)
    with pytest.raises(Refusal):
        await house.upload(physician, _TEXT + b"!", sent)
    with pytest.raises(Refusal):
        await house.upload(physician, _TEXT, header(patient_id, file_name=_NAME, size=3))
    secrets = (_NAME.encode(), b"Kanarienvogel", b"Nachtigall", sha256(_TEXT), sha256(_TEXT + b"!"))
    rows = "\n".join(traces.dump())
    for secret in secrets:
        assert secret.decode(errors="replace") not in rows
        assert secret.hex() not in rows
    objects = [traces.read(key) for key in traces.objects(physician.tenant_id)]
    assert len(objects) == 1
    assert not any(secret in each for secret in secrets for each in objects)


async def test_an_objects_key_and_size_are_all_that_the_bucket_tells(house: House, traces: Traces) -> None:
    physician = staff()
    await house.upload(physician, _TEXT, header(uuid4(), file_name=_NAME))
    key = traces.objects(physician.tenant_id)[0]
    told = traces.describe(key)
    assert "kanarienvogel" not in told.lower()
    assert "pdf" not in told.lower()
