"""What ends: the time by which a message is to be read, and the permission to answer it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from praxispost.messaging.v1 import messaging_pb2, withdrawals_pb2, work_pb2
from tests.story.cast import (
    Contact,
    Practice,
    eventually,
    message_to,
    new_id,
    refusal_of,
    register,
    unique_email,
    unique_mobile,
)
from tests.story.steps import Play

SOON = timedelta(seconds=2)


def time_to_read_and_to_answer_ends(play: Play) -> str:
    """What is unread at the time named is listed as due; what is closed for replies gets no more answers."""
    practice = Practice.opened(play.stage, "Praxis am Uhrturm")
    staff = practice.admin
    contact = Contact("Frieda", "Frist", "1953-08-09", unique_email("frieda"), unique_mobile())
    request = message_to(practice.record(staff, contact))
    request.read_by.FromDatetime(datetime.now(UTC) + SOON)
    message_id = staff.messages.SendMessage(request).message_id
    frieda = register(play.stage, contact)
    listing = work_pb2.ListDueRequest()
    [due] = eventually(lambda: staff.work.ListDue(listing).messages, bool, "nothing is due")
    assert (due.message.id, due.due_at) == (message_id, request.read_by), due

    opening = messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message_id)
    frieda.messages.OpenMessage(opening)
    assert not staff.work.ListDue(listing).messages
    answer = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=practice.id, in_reply_to=message_id, body="Danke."
    )
    frieda.messages.SendReply(answer)
    closing = withdrawals_pb2.CloseForRepliesRequest(message_id=message_id)
    closed = staff.withdrawals.CloseForReplies(closing)
    assert closed == staff.withdrawals.CloseForReplies(closing), "closed twice"
    answer.request_id = new_id()
    refusal = refusal_of(frieda.messages.SendReply, answer)
    assert refusal.reason == "REPLIES_CLOSED", refusal
    listed = frieda.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    [shown] = [each for each in listed if each.id == message_id]
    assert not shown.reply_allowed, shown
    frieda.messages.OpenMessage(opening)
    return f"due until it was opened; one answer, then {refusal.reason}, still readable"
