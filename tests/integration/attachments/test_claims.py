"""Documents are tied to a message: all or none, only the uploader's for that patient, as often as asked."""

import asyncio
from uuid import UUID, uuid4

import pytest
from google.protobuf.json_format import ParseDict

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments.house import House, header, messaging, staff
from tests.integration.attachments.traces import Traces


async def _uploaded(house: House, caller: Caller, patient_id: UUID, content: bytes = b"text") -> str:
    return (await house.upload(caller, content, header(patient_id))).attachment_id


def _states(traces: Traces, caller: Caller) -> list[str]:
    return [row["state"] for row in traces.rows(practice_id=caller.tenant_id)]


async def test_documents_are_claimed_in_the_order_asked(house: House) -> None:
    physician, patient_id = staff(), uuid4()
    ids = [await _uploaded(house, physician, patient_id, content) for content in (b"1", b"22", b"333")]
    asked = [ids[2], ids[0], ids[1]]
    claimed = await house.claim(physician, patient_id, *asked, message_id=uuid4())
    assert [(each.id, each.size) for each in claimed] == list(zip(asked, (3, 1, 2), strict=True))


async def test_the_same_claim_again_changes_nothing_but_its_time(house: House, traces: Traces) -> None:
    physician, patient_id, message_id = staff(), uuid4(), uuid4()
    attachment_id = await _uploaded(house, physician, patient_id)
    first = await house.claim(physician, patient_id, attachment_id, message_id=message_id)
    before = traces.rows(id=UUID(attachment_id))[0]
    assert await house.claim(physician, patient_id, attachment_id, message_id=message_id) == first
    after = traces.rows(id=UUID(attachment_id))[0]
    assert after["state_at"] > before["state_at"]
    assert after | {"state_at": None} == before | {"state_at": None}


async def test_a_claim_that_is_refused_for_one_document_claims_none(house: House, traces: Traces) -> None:
    physician, patient_id, unknown = staff(), uuid4(), str(uuid4())
    attachment_id = await _uploaded(house, physician, patient_id)
    with pytest.raises(Refusal) as refused:
        await house.claim(physician, patient_id, attachment_id, unknown, message_id=uuid4())
    assert refused.value.reason == "ATTACHMENT_NOT_FOUND"
    assert refused.value.metadata["attachment_id"] == unknown
    assert _states(traces, physician) == ["ready"]


@pytest.mark.parametrize("changed", ["practice_id", "patient_id", "uploader_id", "attachment_ids"])
async def test_somebody_elses_document_looks_like_none(house: House, traces: Traces, changed: str) -> None:
    physician, patient_id = staff(), uuid4()
    request = pb.ClaimAttachmentsRequest(
        practice_id=str(physician.tenant_id),
        patient_id=str(patient_id),
        message_id=str(uuid4()),
        uploader_id=str(physician.subject_id),
        attachment_ids=[await _uploaded(house, physician, patient_id)],
    )
    if changed == "attachment_ids":
        request.attachment_ids[0] = str(uuid4())
    else:
        setattr(request, changed, str(uuid4()))
    with pytest.raises(Refusal) as refused:
        await house.send_claim(messaging(), request)
    assert (refused.value.status.name, refused.value.reason) == ("NOT_FOUND", "ATTACHMENT_NOT_FOUND")
    assert _states(traces, physician) == ["ready"]


async def test_another_messages_document_looks_like_none(house: House) -> None:
    physician, patient_id = staff(), uuid4()
    attachment_id = await _uploaded(house, physician, patient_id)
    await house.claim(physician, patient_id, attachment_id, message_id=uuid4())
    with pytest.raises(Refusal) as refused:
        await house.claim(physician, patient_id, attachment_id, message_id=uuid4())
    assert refused.value.reason == "ATTACHMENT_NOT_FOUND"


async def test_of_two_messages_that_want_the_same_documents_one_gets_all(house: House) -> None:
    physician, patient_id = staff(), uuid4()
    ids = [await _uploaded(house, physician, patient_id) for _ in range(4)]
    wishes = [(ids, uuid4()), (ids[::-1], uuid4()), (ids[1:], uuid4()), (ids[:2], uuid4())]
    outcomes = await asyncio.gather(
        *(house.claim(physician, patient_id, *wanted, message_id=message) for wanted, message in wishes),
        return_exceptions=True,
    )
    refusals = [each.reason for each in outcomes if isinstance(each, Refusal)]
    assert refusals in (["ATTACHMENT_NOT_FOUND"] * 3, ["ATTACHMENT_NOT_FOUND"] * 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("practice_id", ""),
        ("patient_id", "x"),
        ("message_id", ""),
        ("uploader_id", ""),
        ("attachment_ids", []),
        ("attachment_ids", [str(uuid4()) for _ in range(11)]),
        ("attachment_ids", [str(UUID(int=7))] * 2),
    ],
)
async def test_a_malformed_claim_is_refused_with_its_field(
    house: House, field: str, value: str | list[str]
) -> None:
    names = ("practice_id", "patient_id", "message_id", "uploader_id")
    good = {name: str(uuid4()) for name in names} | {"attachment_ids": [str(uuid4())]}
    request = ParseDict(good | {field: value}, pb.ClaimAttachmentsRequest())
    with pytest.raises(Refusal) as refused:
        await house.send_claim(messaging(), request)
    assert refused.value.fields[0].field == field


async def test_only_messaging_may_claim(house: House) -> None:
    with pytest.raises(Refusal) as refused:
        await house.send_claim(staff(), pb.ClaimAttachmentsRequest())
    assert refused.value.reason == "METHOD_NOT_ALLOWED"
