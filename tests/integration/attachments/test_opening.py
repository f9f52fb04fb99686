"""That the patient's side opened what the practice sent is told to the others, once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1.events_pb2 import AttachmentOpened
from praxispost.chassis.v1.envelope_pb2 import Envelope
from tests.integration.attachments.house import House, account, header, staff
from tests.integration.attachments.traces import Traces


async def _document(house: House, sender: Caller, patient_id: UUID) -> tuple[str, UUID]:
    """A document that the sender sent, and its message."""
    message_id, sent = uuid4(), header(patient_id, practice_id=str(sender.tenants[0]))
    attachment_id = (await house.upload(sender, b"text", sent)).attachment_id
    await house.claim(sender, patient_id, attachment_id, message_id=message_id)
    return attachment_id, message_id


def _told(traces: Traces, attachment_id: str) -> list[Envelope]:
    return [each for each in traces.events() if each.aggregate_id == attachment_id]


async def test_the_first_opening_by_the_patients_side_is_told_once(house: House, traces: Traces) -> None:
    physician, patient_id = staff(), uuid4()
    attachment_id, message_id = await _document(house, physician, patient_id)
    await house.download(physician, attachment_id)
    assert _told(traces, attachment_id) == []
    patient, other = (account(physician.tenants[0], patient_id) for _ in range(2))
    await asyncio.gather(*(house.download(each, attachment_id) for each in (patient, other, patient)))
    await house.download(patient, attachment_id, offset=2)
    [told] = _told(traces, attachment_id)
    assert (told.type, told.tenant_id) == ("attachments.attachment_opened", str(physician.tenant_id))
    data = AttachmentOpened.FromString(told.data)
    assert (data.message_id, data.patient_id) == (str(message_id), str(patient_id))


async def test_what_the_patient_sent_is_not_told_as_opened(house: House, traces: Traces) -> None:
    physician, patient_id = staff(), uuid4()
    patient = account(physician.tenants[0], patient_id)
    attachment_id, _ = await _document(house, patient, patient_id)
    for caller in (patient, physician):
        await house.download(caller, attachment_id)
    assert _told(traces, attachment_id) == []


async def test_a_refused_download_is_not_told_as_opened(house: House, traces: Traces) -> None:
    physician, patient_id = staff(), uuid4()
    attachment_id, _ = await _document(house, physician, patient_id)
    patient = account(physician.tenants[0], patient_id)
    for changed in ({"grant": ""}, {"offset": 5}):
        with pytest.raises(Refusal):
            await house.download(patient, attachment_id, **changed)
    assert _told(traces, attachment_id) == []
