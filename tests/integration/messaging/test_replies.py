"""A patient answers: when that is allowed, to which messages, and what the practice sees of it."""

import dataclasses
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.caller import Caller, Entitlement
from praxispost.attachments.v1 import attachments_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.post import Post, account, reason, staff


async def _written_to(post: Post, *, reply_allowed: bool = True) -> tuple[Caller, Caller, str]:
    """A physician, the account of the patient they wrote to, and the message."""
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    sent = await post.send(physician, patient_id, reply_allowed=reply_allowed)
    return physician, account((practice_id, patient_id)), sent.message_id


async def test_an_answer_lies_in_the_practices_inbox_at_once(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    replied = await post.reply(patient, message_id, body="Vielen Dank!\nBis bald.")
    (line,) = (await post.conversations(physician)).conversations
    assert (line.id, line.unread_answers) == (replied.conversation_id, 1)
    newest = line.newest
    assert (newest.id, newest.in_reply_to) == (replied.message_id, message_id)
    assert (newest.direction, newest.subject, newest.purpose) == (wire.DIRECTION_TO_PRACTICE, "", 0)
    assert (newest.author_kind, newest.author_id) == (wire.AUTHOR_KIND_ACCOUNT, str(patient.subject_id))
    assert newest.receipt.state == wire.RECEIPT_STATE_SENT
    assert not newest.reply_allowed


async def test_nobody_is_prompted_about_an_answer(post: Post) -> None:
    _, patient, message_id = await _written_to(post)
    replied = await post.reply(patient, message_id)
    sent = await post.rows("SELECT envelope FROM outbox WHERE type = 'messaging.message_sent'")
    assert not any(replied.message_id.encode() in row.envelope for row in sent)


async def test_an_answer_is_read_when_somebody_of_the_practice_opens_it(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    first, second = await post.reply(patient, message_id), await post.reply(patient, message_id)
    opened = await post.open(physician, first.message_id)
    assert opened.body == "Danke!"
    assert (opened.summary.receipt.state, opened.summary.receipt.read_by) == (
        wire.RECEIPT_STATE_READ,
        wire.READER_PRACTICE,
    )
    await post.open(physician, first.message_id)
    (line,) = (await post.conversations(physician)).conversations
    assert line.unread_answers == 1
    await post.open(staff(physician.tenants[0]), second.message_id)
    (line,) = (await post.conversations(physician)).conversations
    assert line.unread_answers == 0
    receipts = {each.id: each.receipt.state for each in (await post.mailbox(patient)).messages}
    assert receipts[first.message_id] == receipts[second.message_id] == wire.RECEIPT_STATE_READ


async def test_opening_ones_own_answer_is_no_receipt(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    replied = await post.reply(patient, message_id)
    opened = await post.open(patient, replied.message_id)
    assert opened.summary.receipt.state == wire.RECEIPT_STATE_SENT
    (line,) = (await post.conversations(physician)).conversations
    assert line.unread_answers == 1


async def test_a_message_that_allows_no_answer_gets_none(post: Post) -> None:
    _, patient, message_id = await _written_to(post, reply_allowed=False)
    assert await reason(post.reply(patient, message_id)) == "REPLY_NOT_ALLOWED"


async def test_an_answer_cannot_be_answered(post: Post) -> None:
    _, patient, message_id = await _written_to(post)
    replied = await post.reply(patient, message_id)
    assert await reason(post.reply(patient, replied.message_id)) == "REPLY_NOT_ALLOWED"


async def test_the_time_to_answer_ends_but_not_for_what_was_answered(post: Post) -> None:
    _, patient, message_id = await _written_to(post)
    request_id = str(uuid4())
    in_time = await post.reply(patient, message_id, request_id=request_id)
    post.clock.ahead = timedelta(days=30, minutes=1)
    assert await reason(post.reply(patient, message_id)) == "REPLY_PERIOD_OVER"
    assert await post.reply(patient, message_id, request_id=request_id) == in_time


async def test_messages_of_others_and_none_look_the_same(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    practice_id = physician.tenants[0]
    sibling = account((practice_id, post.patient(practice_id)))
    stranger = account((uuid4(), uuid4()))
    unbound = account()
    attempts = [
        post.reply(sibling, message_id),
        post.reply(stranger, message_id),
        post.reply(stranger, message_id, practice_id),
        post.reply(unbound, message_id, practice_id),
        post.reply(patient, str(uuid4())),
        post.reply(patient, message_id, uuid4()),
    ]
    assert {await reason(each) for each in attempts} == {"MESSAGE_NOT_FOUND"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", "x"),
        ("practice_id", ""),
        ("in_reply_to", ""),
        ("body", " \n"),
        ("body", "x" * 20_001),
        ("attachment_ids", ["x"]),
    ],
)
async def test_unacceptable_fields_are_refused(post: Post, field: str, value: object) -> None:
    patient = account((uuid4(), uuid4()))
    assert await reason(post.reply(patient, str(uuid4()), **{field: value})) == "INVALID_FIELD"


async def test_the_same_answer_twice_is_one(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    request_id = str(uuid4())
    first = await post.reply(patient, message_id, request_id=request_id)
    assert await post.reply(patient, message_id, request_id=request_id) == first
    again = post.reply(patient, message_id, request_id=request_id, body="Anders.")
    assert await reason(again) == "REQUEST_ID_REUSED"
    (line,) = (await post.conversations(physician)).conversations
    assert line.unread_answers == 1


async def test_a_stored_answer_is_not_shown_to_who_lost_the_patient(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    practice_id = physician.tenants[0]
    child = Entitlement(practice_id, post.patient(practice_id), "representative")
    request_id = str(uuid4())
    await post.reply(patient, message_id, request_id=request_id)
    suspended = dataclasses.replace(patient, entitlements=(child,))
    again = post.reply(suspended, message_id, practice_id, request_id=request_id)
    assert await reason(again) == "MESSAGE_NOT_FOUND"


async def test_an_answer_can_carry_documents(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    document_id = str(uuid4())
    post.neighbours.documents[document_id] = attachments_pb2.ClaimedAttachment(
        id=document_id, file_name="Foto.jpg", media_type="image/jpeg", size=3, sha256=b"\2" * 32
    )
    replied = await post.reply(patient, message_id, attachment_ids=[document_id])
    (claim,) = post.neighbours.claims
    assert UUID(claim.patient_id) == patient.entitlements[0].subject_id
    assert claim.uploader_id == str(patient.subject_id)
    opened = await post.open(physician, replied.message_id)
    assert [each.file_name for each in opened.attachments] == ["Foto.jpg"]
