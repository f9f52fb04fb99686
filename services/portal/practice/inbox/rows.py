"""One conversation as the inbox shows it: a pure view of what messaging and identity say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from praxispost.messaging.v1.messaging_pb2 import Conversation, ConversationState, Direction, MessageSummary
from services.portal.practice.names import Colleagues, PatientName
from services.portal.purposes import PURPOSES
from services.portal.receipts import Tick, tick_of
from services.portal.words import Words

Kind: TypeAlias = Literal["", "new", "bad", "warn", "good"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that stands out beside a conversation."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Writing:
    """A colleague who is answering right now, and until when that holds unless it is said again."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the inbox. `tick` is missing where the newest message is the patient's."""

    id: str
    patient: PatientName
    is_new: bool
    needs_somebody: bool
    purpose: str
    subject: str
    at: datetime
    when: str
    tick: Tick | None
    marks: Sequence[Mark]
    writing: Sequence[Writing]


def rows_of(
    words: Words,
    now: datetime,
    conversations: Sequence[Conversation],
    patients: Mapping[str, PatientName],
    colleagues: Colleagues,
    me: str,
) -> list[Row]:
    """All lines, in the same order."""
    return [_row(words, now, each, patients[each.patient_id], colleagues, me) for each in conversations]


def needs_somebody(conversation: Conversation) -> bool:
    """Whether there is a task about it (work.proto)."""
    tasks = (
        conversation.unread_answers,
        conversation.failed,
        conversation.due,
        conversation.held,
        conversation.patient_tasks,
    )
    return any(tasks)


def writing_now(conversation: Conversation, colleagues: Colleagues, me: str, now: datetime) -> list[Writing]:
    """The colleagues who are answering at this moment, oneself aside."""
    return [
        Writing(colleagues.name(each.staff_id), each.until.ToDatetime(UTC))
        for each in conversation.answering
        if each.staff_id != me and each.until.ToDatetime(UTC) > now
    ]


def subject_of(words: Words, message: MessageSummary) -> str:
    """What a message is called: its subject, or what it answers."""
    if message.HasField("erased_at"):
        return words.say("Inhalt gelöscht")
    if message.direction == Direction.DIRECTION_TO_PATIENT:
        return message.subject
    if message.in_reply_to_subject:
        return words.say("Antwort auf „%(subject)s“", subject=message.in_reply_to_subject)
    return words.say("Antwort")


def _row(
    words: Words,
    now: datetime,
    conversation: Conversation,
    patient: PatientName,
    colleagues: Colleagues,
    me: str,
) -> Row:
    newest = conversation.newest
    is_ours = newest.direction == Direction.DIRECTION_TO_PATIENT
    return Row(
        id=conversation.id,
        patient=patient,
        is_new=conversation.unread_answers > 0,
        needs_somebody=needs_somebody(conversation),
        purpose=PURPOSES.name(words, newest.purpose) if is_ours else "",
        subject=subject_of(words, newest),
        at=newest.sent_at.ToDatetime(UTC),
        when=words.recently(newest.sent_at, now),
        tick=tick_of(words, newest, now) if is_ours else None,
        marks=list(_marks(words, conversation, colleagues, me)),
        writing=writing_now(conversation, colleagues, me, now),
    )


def _marks(words: Words, conversation: Conversation, colleagues: Colleagues, me: str) -> Iterator[Mark]:
    if conversation.unread_answers:
        count = conversation.unread_answers
        yield Mark("new", words.ngettext("neue Antwort", "%(num)s neue Antworten", count) % {"num": count})
    if conversation.failed:
        yield Mark("bad", words.say("nicht angekommen"))
    if conversation.due:
        yield Mark("warn", words.say("überfällig"))
    if conversation.held:
        yield Mark("warn", words.say("angehalten"))
    if conversation.patient_tasks:
        yield Mark("warn", words.say("Aufgabe"))
    if conversation.newest.HasField("withdrawn_at"):
        yield Mark("", words.say("zurückgezogen"))
    if conversation.drafts:
        yield Mark("", words.say("Entwurf"))
    if conversation.assigned_to:
        yield Mark("", _whose(words, conversation.assigned_to, colleagues, me))
    if conversation.state == ConversationState.CONVERSATION_STATE_DONE:
        yield Mark("good", words.say("erledigt"))


def _whose(words: Words, staff_id: str, colleagues: Colleagues, me: str) -> str:
    if staff_id == me:
        return words.say("für mich")
    return words.say("für %(name)s", name=colleagues.name(staff_id))
