"""A practice in the middle of its day: conversations in every state that the pages of the practice show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from praxispost.identity.v1 import staff_pb2
from praxispost.messaging.v1 import drafts_pb2, messaging_pb2, withdrawals_pb2, work_pb2
from tests.browser.house import House, Patient, StaffMember
from tests.story.callers import Caller
from tests.story.cast import (
    Contact,
    Practice,
    eventually,
    message_to,
    new_id,
    tick,
    unique_email,
    unique_mobile,
)

LONG_NAME: Final = ("Maximiliane-Theodora", "Freifrau von und zu Hohenlohe-Waldenburg-Schillingsfürst")
TEXT_FOR_MANY: Final = "Jetzt ist die beste Zeit für die Grippeimpfung.\nRufen Sie uns an."


@dataclass(frozen=True, slots=True)
class BusyPractice:
    """Its people, and the conversations by what is special about each."""

    practice: Practice
    admin: StaffMember
    colleague: StaffMember
    colleague_id: str
    answered: messaging_pb2.SendMessageResponse
    reader: Caller
    reader_record: Patient
    failed: messaging_pb2.SendMessageResponse


def busy_practice(house: House) -> BusyPractice:
    """Opened anew, and brought into all these states."""
    practice, admin = house.practice()
    colleague = house.colleague(practice, "Jonas", "Weber", staff_pb2.STAFF_ROLE_PHYSICIAN)
    staff = practice.admin
    colleague_id = staff_id(practice, colleague)
    due = sent(staff, house.patient(practice, "Bernd", "Säumig"), "Bitte bald lesen", seconds_to_read=2)
    failed = sent(staff, unreachable(practice), "Ihre Überweisung")
    erika = house.patient(practice)
    answered = sent(staff, erika, "Ihre Laborwerte vom 12. November")
    sent(staff, house.patient(practice, "Mehmet", "Kaya"), "Ihr Termin am Montag um acht Uhr dreißig")
    assigned = sent(colleague.caller, house.patient(practice, *LONG_NAME), "Unterlagen " * 15)
    staff.work.Assign(work_pb2.AssignRequest(conversation_id=assigned.conversation_id, staff_id=colleague_id))
    finished = sent(staff, house.patient(practice, "Lotte", "Großmann"), "Ihr Rezept liegt bereit")
    staff.work.MarkDone(work_pb2.MarkDoneRequest(conversation_id=finished.conversation_id))
    withdrawn = sent(staff, house.patient(practice, "Ágnes", "Şahin-Łukaszewicz"), "Rechnung 4711")
    withdraw(staff, withdrawn.message_id)
    drafted = house.patient(practice, "Oskar", "Offen")
    sent(staff, drafted, "Ihre Frage zur Kur")
    draft = drafts_pb2.DraftContent(subject="Noch eine Frage", body="…")
    staff.drafts.CreateDraft(
        drafts_pb2.CreateDraftRequest(request_id=new_id(), patient_id=drafted.id, content=draft)
    )
    colleague.caller.work.AnnounceAnswering(
        work_pb2.AnnounceAnsweringRequest(conversation_id=answered.conversation_id)
    )
    reader = house.account(house.registered(erika))
    opened(reader, practice, answered.message_id)
    answer(reader, practice, answered.message_id, "Danke.\nMuss ich noch einmal zur Blutabnahme kommen?")
    tick(staff, failed.message_id, messaging_pb2.RECEIPT_STATE_FAILED)
    tick(staff, due.message_id, messaging_pb2.RECEIPT_STATE_SENT)
    eventually(lambda: staff.work.ListDue(work_pb2.ListDueRequest()).messages, bool, "nothing is due")
    return BusyPractice(practice, admin, colleague, colleague_id, answered, reader, erika, failed)


def sent(
    staff: Caller, patient: Patient, subject: str, body: str = "", *, seconds_to_read: float = 0
) -> messaging_pb2.SendMessageResponse:
    """A message to a patient; to be read within so many seconds, where that is given."""
    text = body or f"Guten Tag,\n\nzu „{subject.strip()}“ rufen Sie uns bitte an.\n\nIhre Praxis"
    request = message_to(patient.id, subject.strip(), text)
    if seconds_to_read:
        request.read_by.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds_to_read))
    return staff.messages.SendMessage(request)


def unreachable(practice: Practice) -> Patient:
    """A patient whose mail server refuses the address."""
    contact = Contact("Konrad", "Weggezogen", "1958-03-30", unique_email("refuse-konrad"), unique_mobile())
    return Patient(practice.record(practice.admin, contact), contact)


def held(practice: Practice, staff: Caller, house: House) -> Sequence[messaging_pb2.SendMessageResponse]:
    """One text to eleven patients: the last two messages are held."""
    patients = [house.patient(practice, "Gerda", f"Beispiel {number}") for number in range(1, 12)]
    every = [
        staff.messages.SendMessage(message_to(each.id, "Grippeimpfung", TEXT_FOR_MANY)) for each in patients
    ]
    return every[-2:]


def opened(reader: Caller, practice: Practice, message_id: str) -> None:
    """The patient opens a message."""
    reader.messages.OpenMessage(
        messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message_id)
    )


def answer(reader: Caller, practice: Practice, message_id: str, body: str) -> str:
    """The patient answers a message; returns the answer's id."""
    request = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=practice.id, in_reply_to=message_id, body=body
    )
    return reader.messages.SendReply(request).message_id


def withdraw(staff: Caller, message_id: str) -> None:
    """The practice withdraws a message that went to the wrong person."""
    reason = messaging_pb2.WITHDRAWAL_REASON_MISDIRECTED
    staff.withdrawals.WithdrawMessage(
        withdrawals_pb2.WithdrawMessageRequest(message_id=message_id, withdrawal_reason=reason)
    )


def staff_id(practice: Practice, member: StaffMember) -> str:
    """A staff member's id."""
    found = practice.admin.staff.ListStaffMembers(staff_pb2.ListStaffMembersRequest()).staff_members
    return next(each.id for each in found if each.email == member.email)
