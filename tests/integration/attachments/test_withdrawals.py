"""Documents of a withdrawn message are blocked for the patient's side; erased ones for everybody."""

from uuid import UUID, uuid4

import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments.collecting import collect
from tests.integration.attachments.house import House, account, header, messaging, staff
from tests.integration.attachments.traces import Traces


async def _sent(house: House) -> tuple[Caller, Caller, UUID, str]:
    physician, patient_id, message_id = staff(), uuid4(), uuid4()
    practice_id = physician.tenants[0]
    attachment_id = (await house.upload(physician, b"text", header(patient_id))).attachment_id
    await house.claim(physician, patient_id, attachment_id, message_id=message_id)
    return physician, account(practice_id, patient_id), message_id, attachment_id


async def _withdraw(house: House, practice_id: UUID, message_id: UUID) -> None:
    request = pb.WithdrawAttachmentsRequest(practice_id=str(practice_id), message_id=str(message_id))
    await house.stub.WithdrawAttachments(request, metadata=house.metadata(messaging()))


async def _erase(house: House, practice_id: UUID, message_id: UUID) -> None:
    request = pb.EraseAttachmentsRequest(practice_id=str(practice_id), message_id=str(message_id))
    await house.stub.EraseAttachments(request, metadata=house.metadata(messaging()))


async def _reason(house: House, caller: Caller, attachment_id: str) -> str:
    with pytest.raises(Refusal) as refused:
        await house.download(caller, attachment_id)
    return refused.value.reason


async def test_grants_of_the_patients_side_end_with_the_withdrawal_and_those_of_the_practice_go_on(
    house: House,
) -> None:
    physician, patient, message_id, attachment_id = await _sent(house)
    practice_id = physician.tenants[0]
    assert (await house.download(patient, attachment_id)).content == b"text"
    for _ in range(2):
        await _withdraw(house, practice_id, message_id)
    assert await _reason(house, patient, attachment_id) == "GRANT_REFUSED"
    assert (await house.download(physician, attachment_id)).content == b"text"


async def test_other_messages_and_practices_keep_their_documents(house: House) -> None:
    physician, patient, message_id, attachment_id = await _sent(house)
    for practice_id, other in ((physician.tenants[0], uuid4()), (uuid4(), message_id)):
        await _withdraw(house, practice_id, other)
        await _erase(house, practice_id, other)
    assert (await house.download(patient, attachment_id)).content == b"text"


async def test_erased_documents_lose_their_keys_at_once_and_their_objects_soon(
    house: House, traces: Traces
) -> None:
    physician, patient, message_id, attachment_id = await _sent(house)
    practice_id = physician.tenants[0]
    for _ in range(2):
        await _erase(house, practice_id, message_id)
    for caller in (physician, patient):
        assert await _reason(house, caller, attachment_id) == "ATTACHMENT_NOT_FOUND"
    [row] = traces.rows(practice_id=practice_id)
    assert (row["state"], bytes(row["key_sealed"])) == ("deleting", b"")
    await collect(house)
    assert (traces.rows(practice_id=practice_id), traces.objects(practice_id)) == ([], [])
