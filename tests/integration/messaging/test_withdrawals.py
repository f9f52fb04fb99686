"""What a practice takes back: the patient's side loses content, answers and grants at once; facts stay."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.caller import Caller
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import withdrawals_pb2, work_pb2
from services.messaging.guard.step_up import StepUpPurpose
from services.messaging.patients.domain import PatientState
from services.messaging.patients.learning import learn
from tests.integration.messaging.drafting import document, stepped_up, withdraw, withdrawals_of
from tests.integration.messaging.guarding import LIMIT, TEXT, House
from tests.integration.messaging.post import Post, account, reason, refusing, staff


async def _written_to(post: Post, **changed: object) -> tuple[Caller, Caller, str]:
    admin = staff(role="admin")
    practice_id = admin.tenants[0]
    patient_id = post.patient(practice_id)
    sent = await post.send(admin, patient_id, **changed)
    return admin, account((practice_id, patient_id)), sent.message_id


async def _close(post: Post, caller: Caller, message_id: str) -> withdrawals_pb2.CloseForRepliesResponse:
    request = withdrawals_pb2.CloseForRepliesRequest(message_id=message_id)
    return await refusing(withdrawals_of(post).CloseForReplies(request, metadata=post.to(caller)))


async def _erase(
    post: Post, caller: Caller, message_id: str, step_up: str | None = None
) -> withdrawals_pb2.EraseContentResponse:
    proof = stepped_up(post, caller, message_id) if step_up is None else step_up
    request = withdrawals_pb2.EraseContentRequest(message_id=message_id, step_up=proof)
    return await refusing(withdrawals_of(post).EraseContent(request, metadata=post.to(caller)))


async def _in_history(post: Post, caller: Caller, patient: Caller) -> wire.MessageSummary:
    [newest, *_] = (await post.history(caller, patient.entitlements[0].subject_id)).messages
    return newest


async def test_a_withdrawn_message_shows_the_patient_only_when(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)
    at = await withdraw(post, admin, message_id)
    assert await reason(post.open(patient, message_id)) == "MESSAGE_WITHDRAWN"
    assert await reason(post.reply(patient, message_id)) == "MESSAGE_WITHDRAWN"
    [shown] = (await post.mailbox(patient)).messages
    assert shown.withdrawn_at.ToDatetime(at.tzinfo) == at
    assert (shown.subject, shown.reply_allowed, shown.withdrawal_reason) == ("", False, 0)
    known = await post.receipt(admin, message_id)
    assert known.receipt.state == wire.RECEIPT_STATE_QUEUED
    assert [each.kind for each in known.facts] == [
        wire.RECEIPT_FACT_KIND_QUEUED,
        wire.RECEIPT_FACT_KIND_WITHDRAWN,
    ]


async def test_the_practice_goes_on_seeing_what_it_withdrew_and_why(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)
    await post.open(patient, message_id)
    await withdraw(post, staff(admin.tenants[0], role="assistant"), message_id)
    opened = await post.open(admin, message_id)
    assert (opened.body, opened.summary.subject) == ("Alles in Ordnung.", "Ihr Befund")
    assert opened.summary.withdrawal_reason == wire.WITHDRAWAL_REASON_MISDIRECTED
    assert opened.summary.receipt.state == wire.RECEIPT_STATE_READ


async def test_an_answer_can_be_withdrawn_and_then_its_author_cannot_open_it_either(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)
    replied = await post.reply(patient, message_id)
    await withdraw(post, admin, replied.message_id)
    assert await reason(post.open(patient, replied.message_id)) == "MESSAGE_WITHDRAWN"
    assert (await post.open(admin, replied.message_id)).body == "Danke!"


async def test_a_withdrawal_is_told_once_to_the_bus_the_watchers_and_the_audit(post: Post) -> None:
    admin, _, message_id = await _written_to(post)
    times = {await withdraw(post, admin, message_id) for _ in range(3)}
    assert len(times) == 1
    query = "SELECT envelope FROM outbox WHERE type = 'messaging.message_withdrawn'"
    assert len([row for row in await post.rows(query) if message_id.encode() in row.envelope]) == 1
    kinds = [each.kind for each in (await post.changes(admin)).changes]
    assert kinds == [wire.CHANGE_KIND_MESSAGE, wire.CHANGE_KIND_WITHDRAWAL]
    query = "SELECT why FROM audit WHERE object_id = :message AND action = 'message.withdrawn'"
    assert [row.why for row in await post.rows(query, message=UUID(message_id))] == ["misdirected"]


async def test_attachments_are_told_and_again_where_they_could_not_be_reached(post: Post) -> None:
    admin, patient, message_id = await _written_to(post, attachment_ids=[document(post)])
    post.neighbours.away.add("attachments")
    assert await reason(withdraw(post, admin, message_id)) == "DEPENDENCY_UNAVAILABLE"
    assert await reason(post.open(patient, message_id)) == "MESSAGE_WITHDRAWN"
    post.neighbours.away.clear()
    await withdraw(post, admin, message_id)
    assert post.neighbours.withdrawn == [message_id]


async def test_no_content_goes_to_the_patients_side_once_a_withdrawal_has_returned(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)

    async def opened() -> bool:
        try:
            await post.open(patient, message_id)
        except Exception:
            return False
        return True

    attempts = [opened() for _ in range(4)]
    outcomes = await asyncio.gather(*attempts, withdraw(post, admin, message_id))
    read = (await post.receipt(admin, message_id)).receipt
    summary = await _in_history(post, admin, patient)
    assert any(outcomes[:4]) == read.HasField("read_at")
    if read.HasField("read_at"):
        assert read.read_at.ToNanoseconds() <= summary.withdrawn_at.ToNanoseconds()


async def test_closing_for_replies_ends_the_permission_and_nothing_else(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)
    request_id = str(uuid4())
    in_time = await post.reply(patient, message_id, request_id=request_id)
    closed = await _close(post, admin, message_id)
    assert closed == await _close(post, admin, message_id)
    assert await reason(post.reply(patient, message_id)) == "REPLIES_CLOSED"
    assert await post.reply(patient, message_id, request_id=request_id) == in_time
    opened = (await post.open(patient, message_id)).summary
    assert not opened.reply_allowed
    assert opened.replies_closed_at == closed.closed_at


async def test_an_answer_at_the_moment_of_closing_comes_before_it_or_is_refused(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)
    attempts = [post.reply(patient, message_id) for _ in range(4)]
    outcomes = await asyncio.gather(*attempts, _close(post, admin, message_id), return_exceptions=True)
    stored = [each for each in outcomes if isinstance(each, wire.SendReplyResponse)]
    kinds = [each.kind for each in (await post.changes(admin)).changes]
    assert kinds == [wire.CHANGE_KIND_MESSAGE] * (1 + len(stored)) + [wire.CHANGE_KIND_WITHDRAWAL]


async def test_what_never_allowed_an_answer_cannot_be_closed(post: Post) -> None:
    admin, _, message_id = await _written_to(post, reply_allowed=False)
    assert await reason(_close(post, admin, message_id)) == "REPLY_NOT_ALLOWED"


async def test_patients_get_no_hint_at_what_is_closed_or_withdrawn_before_it_was_ever_sent(
    post: Post,
) -> None:
    house = House(post)
    await house.to_many(LIMIT - 1)
    held = await post.send(house.author, post.patient(house.practice_id), body=TEXT, reply_allowed=True)
    assert held.held
    await _close(post, house.author, held.message_id)
    await house.reject(house.colleague, held.message_id)
    await withdraw(post, house.author, held.message_id)
    changes = (await post.changes(house.author)).changes
    kinds = {each.kind for each in changes if each.message_id == held.message_id}
    assert kinds == {wire.CHANGE_KIND_HELD}


async def test_erased_content_is_gone_for_everybody_and_the_facts_stay(post: Post) -> None:
    admin, patient, message_id = await _written_to(post, attachment_ids=[document(post)])
    await post.open(patient, message_id)
    assert await reason(_erase(post, admin, message_id)) == "NOT_WITHDRAWN"
    await withdraw(post, admin, message_id)
    erased = await _erase(post, admin, message_id)
    assert erased == await _erase(post, admin, message_id)
    assert post.neighbours.erased == [message_id]
    assert await reason(post.open(admin, message_id)) == "CONTENT_ERASED"
    assert await reason(post.open(patient, message_id)) == "MESSAGE_WITHDRAWN"
    summary = await _in_history(post, admin, patient)
    assert (summary.subject, summary.erased_at) == ("", erased.erased_at)
    assert summary.receipt.state == wire.RECEIPT_STATE_READ
    query = "SELECT subject, body, file_name, sha256 FROM message JOIN message_attachment ON message_id = id"
    [row] = await post.rows(f"{query} WHERE id = :message", message=UUID(message_id))
    assert {bytes(each) for each in row} == {b""}


async def test_nothing_is_erased_while_attachments_cannot_be_reached(post: Post) -> None:
    admin, _, message_id = await _written_to(post, attachment_ids=[document(post)])
    await withdraw(post, admin, message_id)
    post.neighbours.away.add("attachments")
    assert await reason(_erase(post, admin, message_id)) == "DEPENDENCY_UNAVAILABLE"
    assert (await post.open(admin, message_id)).body == "Alles in Ordnung."


async def test_only_an_admin_erases(post: Post) -> None:
    admin, _, message_id = await _written_to(post)
    await withdraw(post, admin, message_id)
    for role in ("physician", "assistant", "practice_service"):
        caller = staff(admin.tenants[0], role=role)
        assert await reason(_erase(post, caller, message_id)) == "METHOD_NOT_ALLOWED"


async def test_the_database_erases_nothing_that_was_not_withdrawn(post: Post) -> None:
    admin, _, message_id = await _written_to(post)
    practice_id = admin.tenants[0]
    function = text("SELECT erase_content(:practice, :message, now())")
    async with post.database.transaction([practice_id]) as tx:
        await tx.execute(function, {"practice": practice_id, "message": UUID(message_id)})
    assert (await post.open(admin, message_id)).body == "Alles in Ordnung."
    query = "UPDATE message SET withdrawn_at = now() WHERE id = :message"
    with pytest.raises(IntegrityError, match="message_withdrawn_for_a_reason"):
        async with post.database.transaction([practice_id]) as tx:
            await tx.execute(text(query), {"message": UUID(message_id)})


async def test_what_is_another_practices_and_what_does_not_exist_look_the_same(post: Post) -> None:
    admin, _, message_id = await _written_to(post)
    stranger = staff(role="admin")
    for take_back in (withdraw, _close, _erase):
        assert await reason(take_back(post, stranger, message_id)) == "MESSAGE_NOT_FOUND"
        assert await reason(take_back(post, admin, str(uuid4()))) == "MESSAGE_NOT_FOUND"
        assert await reason(take_back(post, admin, "x")) == "INVALID_FIELD"
    unreasoned = withdrawals_pb2.WithdrawMessageRequest(message_id=message_id)
    call = refusing(withdrawals_of(post).WithdrawMessage(unreasoned, metadata=post.to(admin)))
    assert await reason(call) == "INVALID_FIELD"
    assert (await post.open(admin, message_id)).summary.HasField("withdrawn_at") is False


async def test_a_withdrawn_message_is_no_work_and_wants_no_prompt_any_more(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)
    practice_id, patient_id = admin.tenants[0], patient.entitlements[0].subject_id
    await withdraw(post, admin, message_id)
    query = "SELECT 1 FROM unread_message WHERE message_id = :message"
    assert not await post.rows(query, message=UUID(message_id))
    house = House(post)
    assert await reason(house.prompt_again(admin, message_id)) == "PROMPT_NOT_NEEDED"
    moved = PatientState(
        practice_id, patient_id, 2, 2, has_email=True, has_mobile=True, conflict=False, bound=False
    )
    async with post.database.transaction([practice_id]) as tx:
        await learn(tx, moved, post.clock())
    query = "SELECT envelope FROM outbox WHERE type = 'messaging.prompt_wanted'"
    assert not [row for row in await post.rows(query) if message_id.encode() in row.envelope]


async def test_what_is_held_was_not_sent_and_is_rejected_instead(post: Post) -> None:
    house = House(post)
    _, message_id = await house.held()
    assert await reason(withdraw(post, house.author, message_id)) == "MESSAGE_HELD"
    await house.reject(house.author, message_id)
    await withdraw(post, house.author, message_id)


async def test_only_who_proved_who_they_are_lately_destroys_content(post: Post) -> None:
    admin, _, message_id = await _written_to(post)
    await withdraw(post, admin, message_id)
    for refused in (
        "",
        "nonsense",
        stepped_up(post, staff(admin.tenants[0], role="admin"), message_id),
        stepped_up(post, admin, str(uuid4())),
        stepped_up(post, admin, message_id, purpose=StepUpPurpose.RELEASE_HELD),
        stepped_up(post, admin, message_id, kind="token"),
        stepped_up(post, admin, message_id, ago=6),
    ):
        assert await reason(_erase(post, admin, message_id, refused)) == "STEP_UP_REFUSED"
    assert (await post.open(admin, message_id)).body == "Alles in Ordnung."
    await _erase(post, admin, message_id)
    assert await reason(post.open(admin, message_id)) == "CONTENT_ERASED"


async def test_an_answer_that_was_erased_unread_keeps_nobody_waiting(post: Post) -> None:
    admin, patient, message_id = await _written_to(post)
    replied = await post.reply(patient, message_id)
    await withdraw(post, admin, replied.message_id)
    [line] = (await post.conversations(admin)).conversations
    assert line.unread_answers == 1
    for _ in range(2):
        await _erase(post, admin, replied.message_id)
    [line] = (await post.conversations(admin)).conversations
    assert line.unread_answers == 0
    counts = await refusing(post.work.GetTaskCounts(work_pb2.GetTaskCountsRequest(), metadata=post.to(admin)))
    assert not counts.counts
    done = work_pb2.MarkDoneRequest(conversation_id=replied.conversation_id)
    await refusing(post.work.MarkDone(done, metadata=post.to(admin)))
