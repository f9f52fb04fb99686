"""Lists: complete, in order, stable while new messages arrive, and each only for whom it is."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.caller import Caller
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.post import Post, account, reason, service, staff


async def test_a_history_is_paged_without_gaps_while_new_messages_arrive(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    sent = [(await post.send(physician, patient_id)).message_id for _ in range(7)]
    seen: list[str] = []
    token = ""
    while True:
        page = await post.history(physician, patient_id, 3, token)
        seen += [each.id for each in page.messages]
        await post.send(physician, patient_id)
        token = page.next_page_token
        if not token:
            break
    assert seen == sent[::-1]


async def test_conversations_are_paged_with_the_newest_first(post: Post) -> None:
    physician = staff()
    patients = [post.patient(physician.tenants[0]) for _ in range(5)]
    for patient_id in (*patients, patients[0]):
        await post.send(physician, patient_id)
    expected = [str(patients[place]) for place in (0, 4, 3, 2, 1)]
    first = await post.conversations(physician, 2)
    second = await post.conversations(physician, 2, first.next_page_token)
    third = await post.conversations(physician, 2, second.next_page_token)
    pages = [*first.conversations, *second.conversations, *third.conversations]
    assert [each.patient_id for each in pages] == expected
    assert third.next_page_token == ""


async def test_the_order_in_a_conversation_is_that_of_the_commits_whatever_the_clock_says(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    post.clock.ahead = timedelta(seconds=30)
    first = await post.send(physician, patient_id)
    post.clock.ahead = timedelta()
    second = await post.send(physician, patient_id)
    history = (await post.history(physician, patient_id)).messages
    assert [each.id for each in history] == [second.message_id, first.message_id]


async def test_an_empty_practice_and_an_unknown_patient_have_empty_lists(post: Post) -> None:
    physician, neighbour = staff(), staff()
    foreign = post.patient(neighbour.tenants[0])
    await post.send(neighbour, foreign)
    assert not (await post.conversations(physician)).conversations
    assert await post.history(physician, foreign) == await post.history(physician, uuid4())


async def test_a_mailbox_holds_the_messages_of_all_practices_and_of_nobody_else(post: Post) -> None:
    practices = [staff(), staff()]
    bound = [(each.tenants[0], post.patient(each.tenants[0])) for each in practices]
    sent = []
    for _ in range(2):
        for physician, (_, patient_id) in zip(practices, bound, strict=True):
            sent.append((await post.send(physician, patient_id)).message_id)
            await post.send(physician, post.patient(physician.tenants[0]))
    patient = account(*bound)
    first = await post.mailbox(patient, 3)
    second = await post.mailbox(patient, 3, first.next_page_token)
    assert [each.id for each in (*first.messages, *second.messages)] == sent[::-1]
    assert second.next_page_token == ""
    assert {each.practice_id for each in first.messages} == {str(practice_id) for practice_id, _ in bound}


async def test_what_the_mailbox_shows_has_been_received(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    older, newer = await post.send(physician, patient_id), await post.send(physician, patient_id)
    patient = account((physician.tenants[0], patient_id))
    page = await post.mailbox(patient, 1)
    assert page.messages[0].receipt.state == wire.RECEIPT_STATE_RECEIVED
    assert page.messages[0].receipt.received_evidence == wire.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX
    shown = await post.receipt(physician, newer.message_id)
    assert shown.receipt == page.messages[0].receipt
    assert [each.kind for each in shown.facts][-1] == wire.RECEIPT_FACT_KIND_SHOWN
    unseen = await post.receipt(physician, older.message_id)
    assert unseen.receipt.state == wire.RECEIPT_STATE_QUEUED


async def test_showing_again_adds_nothing(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    await post.send(physician, patient_id)
    patient = account((physician.tenants[0], patient_id))
    pages = await asyncio.gather(*(post.mailbox(patient) for _ in range(6)))
    assert all(each.messages[0].receipt.state == wire.RECEIPT_STATE_RECEIVED for each in pages)
    await post.mailbox(patient)
    assert len((await post.changes(physician)).changes) == 2


async def test_an_opened_message_needs_no_weaker_evidence(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    sent = await post.send(physician, patient_id)
    patient = account((physician.tenants[0], patient_id))
    await post.open(patient, sent.message_id)
    assert (await post.mailbox(patient)).messages[0].receipt.state == wire.RECEIPT_STATE_READ
    assert len((await post.receipt(physician, sent.message_id)).facts) == 2


async def test_an_account_without_patients_has_an_empty_mailbox(post: Post) -> None:
    assert not (await post.mailbox(account())).messages


async def test_both_sides_listing_and_opening_at_once_never_get_in_each_others_way(post: Post) -> None:
    practices = [staff(), staff()]
    bound = [(each.tenants[0], post.patient(each.tenants[0])) for each in practices]
    patient = account(*bound)

    async def exchange(physician: Caller, patient_id: UUID) -> None:
        for _ in range(5):
            sent = await post.send(physician, patient_id)
            replied = await post.reply(patient, sent.message_id, physician.tenants[0])
            await asyncio.gather(
                post.open(patient, sent.message_id, physician.tenants[0]),
                post.open(physician, replied.message_id),
                post.mailbox(patient),
            )

    pairs = [(each, patient_id) for each, (_, patient_id) in zip(practices, bound, strict=True)]
    await asyncio.gather(*(exchange(*pair) for pair in pairs), *(exchange(*pair) for pair in pairs))
    for physician in practices:
        (line,) = (await post.conversations(physician)).conversations
        assert line.unread_answers == 0


@pytest.mark.parametrize("size", [-1, 201])
async def test_a_page_has_a_reasonable_size(post: Post, size: int) -> None:
    assert await reason(post.conversations(staff(), size)) == "INVALID_FIELD"
    assert await reason(post.mailbox(account(), size)) == "INVALID_FIELD"
    assert await reason(post.history(staff(), uuid4(), size)) == "INVALID_FIELD"


async def test_a_token_of_nobodys_making_is_refused(post: Post) -> None:
    assert await reason(post.conversations(staff(), token="x")) == "INVALID_FIELD"
    assert await reason(post.mailbox(account(), token="x")) == "INVALID_FIELD"
    assert await reason(post.history(staff(), uuid4(), token="x")) == "INVALID_FIELD"
    assert await reason(post.changes(staff(), token="x")) == "INVALID_FIELD"


async def test_lists_are_for_their_own_side_only(post: Post) -> None:
    patient = account((uuid4(), uuid4()))
    assert await reason(post.conversations(patient)) == "METHOD_NOT_ALLOWED"
    assert await reason(post.history(patient, uuid4())) == "METHOD_NOT_ALLOWED"
    assert await reason(post.changes(patient)) == "METHOD_NOT_ALLOWED"
    assert await reason(post.mailbox(staff())) == "METHOD_NOT_ALLOWED"
    assert await reason(post.mailbox(service("portal"))) == "METHOD_NOT_ALLOWED"
