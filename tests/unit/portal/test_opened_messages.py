"""What a message's page offers, by what messaging says of the message."""

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from praxispost.identity.v1.accounts_pb2 import Binding
from praxispost.messaging.v1.messaging_pb2 import Direction, Message, MessageSummary, Receipt
from services.portal.mailbox.entries import kind_of
from services.portal.mailbox.opened import Opened, opened
from services.portal.mailbox.recipients import Recipients

_NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
_AT = Timestamp(seconds=int(_NOW.timestamp()))


def _shown(summary: MessageSummary, *answers: MessageSummary) -> Opened:
    binding = Binding(patient_id="patient", practice_phone="+49 (0)30 555-0123")
    messages = [Message(summary=each) for each in (summary, *answers)]
    return opened(messages, Recipients([binding]), "account", _NOW)


@pytest.mark.parametrize(
    ("allowed", "ends_in", "may"), [(True, 1, True), (True, -1, False), (True, 0, False), (False, 1, False)]
)
def test_answering_ends_with_its_period(allowed: bool, ends_in: int, may: bool) -> None:
    until = Timestamp()
    until.FromDatetime(_NOW + timedelta(seconds=ends_in))
    assert _shown(MessageSummary(reply_allowed=allowed, reply_until=until)).may_answer is may


def test_an_answer_is_ones_own_or_somebody_elses() -> None:
    answers = [MessageSummary(author_id=each) for each in ("account", "another")]
    assert [each.is_own for each in _shown(MessageSummary(), *answers).answers] == [True, False]


def test_the_practices_number_can_be_dialled() -> None:
    assert _shown(MessageSummary(patient_id="patient")).practice_number == "+49305550123"


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        (MessageSummary(direction=Direction.DIRECTION_TO_PATIENT), "unread"),
        (MessageSummary(direction=Direction.DIRECTION_TO_PATIENT, receipt=Receipt(read_at=_AT)), "read"),
        (MessageSummary(direction=Direction.DIRECTION_TO_PRACTICE), "answer"),
        (MessageSummary(direction=Direction.DIRECTION_TO_PRACTICE, withdrawn_at=_AT), "withdrawn"),
        (MessageSummary(direction=Direction.DIRECTION_TO_PATIENT, erased_at=_AT), "erased"),
        (MessageSummary(withdrawn_at=_AT, erased_at=_AT), "withdrawn"),
    ],
)
def test_a_message_is_of_one_kind(summary: MessageSummary, kind: str) -> None:
    assert kind_of(summary) == kind
