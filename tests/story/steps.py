"""The main job, step by step: each step does what people do and says what was observed."""

from __future__ import annotations

import hashlib
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from praxispost.identity.v1 import accounts_pb2, patients_pb2, staff_pb2
from praxispost.messaging.v1 import messaging_pb2
from tests.story.callers import Caller, person
from tests.story.cast import (
    Contact,
    Document,
    Practice,
    Registration,
    Stage,
    download,
    eventually,
    log_in,
    message_to,
    new_id,
    receipt,
    refusal_of,
    tick,
    unique_email,
    unique_mobile,
    upload,
)
from tests.story.hints import Hints

SUBJECT = "Laborwerte vom Dienstag"
BODY = "Ihr Cholesterin ist leicht erhöht.\nBitte lesen Sie den Befund und antworten Sie uns."
ANSWER = "Danke. Soll ich die Tabletten weiter nehmen?"


def _png(width: int = 8, height: int = 8) -> bytes:
    """A small valid picture (PNG, W3C 2003, section 5)."""

    def part(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    rows = b"".join(b"\0" + bytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    )


FINDINGS = Document(
    "Befund Müller.pdf", "application/pdf", b"%PDF-1.7\n" + b"Blutbild und Leberwerte\n" * 9_000
)
PHOTO = Document("Foto.png", "image/png", _png())


@dataclass
class Play:
    """One play of the story: the stage, and what its steps leave for the next ones."""

    stage: Stage
    practice: Practice = field(init=False)
    physician: Caller = field(init=False)
    contact: Contact = field(init=False)
    patient_id: str = field(init=False)
    patient: Caller = field(init=False)
    message_id: str = field(init=False)
    hints: Hints = field(init=False)


def a_practice_is_opened(play: Play) -> str:
    """The operator creates a practice; admin and physician accept their invitations."""
    play.practice = Practice.opened(play.stage, "Hausarztpraxis am Markt")
    play.physician = play.practice.invited(staff_pb2.STAFF_ROLE_PHYSICIAN, "Petra", "Pfeiffer")
    members = play.physician.staff.ListStaffMembers(staff_pb2.ListStaffMembersRequest()).staff_members
    assert [member.state for member in members] == [staff_pb2.STAFF_STATE_ACTIVE] * 2, members
    return "two invitations mailed and accepted, both log in"


def a_patient_is_recorded(play: Play) -> str:
    """The physician makes a record with e-mail address and mobile number, and finds it by its name."""
    play.contact = Contact("Jörg", "Müller-Lüdenscheid", "1958-03-17", unique_email("joerg"), unique_mobile())
    play.patient_id = play.practice.record(play.physician, play.contact)
    query = patients_pb2.SearchPatientsRequest(query="mueller 17.03.1958")
    found = play.physician.patients.SearchPatients(query).patients
    assert play.patient_id in [patient.id for patient in found], found
    return "found by „mueller 17.03.1958“"


def a_message_with_a_document_is_sent(play: Play) -> str:
    """The physician sends a message with a document and lets the patient answer."""
    attachment_id = upload(play.physician, play.practice.id, play.patient_id, FINDINGS)
    play.hints = Hints(play.physician)
    request = message_to(play.patient_id, SUBJECT, BODY, attachment_ids=[attachment_id])
    first = play.physician.messages.SendMessage(request)
    again = play.physician.messages.SendMessage(request)
    assert first == again, "the same request was not answered the same"
    play.message_id = first.message_id
    return f"stored with a document of {len(FINDINGS.content):,} bytes; the same request again sent nothing"


def the_prompt_says_nothing(play: Play) -> str:
    """One e-mail asks the patient in, and holds nothing of the content or the person."""
    mail = play.stage.post.prompt(play.contact.email)
    person_and_content = (SUBJECT, "Cholesterin", "Befund", "Jörg", "Müller", play.contact.mobile)
    for secret in (*person_and_content, play.patient_id, play.message_id):
        assert secret not in repr(mail), f"the prompt holds {secret!r}"
    assert "Hausarztpraxis am Markt" in mail.subject, mail.subject
    sent = tick(play.physician, play.message_id, messaging_pb2.RECEIPT_STATE_SENT)
    assert sent.HasField("sent_at"), sent
    assert not sent.HasField("received_at"), sent
    return f"„{mail.subject}“; one grey tick"


def the_patient_registers(play: Play) -> str:
    """The patient proves address, number and birth date; a wrong code is refused."""
    registration = Registration(play.stage, play.contact)
    right = play.stage.post.mailed_code(play.contact.email)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    refusal = refusal_of(registration.prove_email, wrong)
    assert refusal.reason == "CODE_REFUSED", refusal
    registration.prove_email(right)
    registration.prove_mobile()
    done = registration.complete()
    assert done.bound == 1, done
    play.patient = person(play.stage.targets, play.stage.portal, done.session)
    return "code by e-mail, code by SMS, birth date; one record bound; a wrong code refused"


def the_mailbox_shows_it(play: Play) -> str:
    """The mailbox lists the message: two grey ticks."""
    listed = play.patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert [(item.id, item.subject, item.attachment_count) for item in listed] == [
        (play.message_id, SUBJECT, 1)
    ], listed
    seen = tick(play.physician, play.message_id, messaging_pb2.RECEIPT_STATE_RECEIVED)
    assert seen.received_evidence == messaging_pb2.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX, seen
    return "listed with its subject; two grey ticks"


def the_patient_reads(play: Play) -> str:
    """The patient opens it: two green ticks, and the practice's open stream hears of it."""
    assert receipt(play.physician, play.message_id).state == messaging_pb2.RECEIPT_STATE_RECEIVED
    request = messaging_pb2.OpenMessageRequest(practice_id=play.practice.id, message_id=play.message_id)
    asked_at = time.time()
    message = play.patient.messages.OpenMessage(request).message
    assert message.body == BODY, message
    told_at = play.hints.wait_for(play.message_id, messaging_pb2.CHANGE_KIND_RECEIPT, asked_at)
    read = receipt(play.physician, play.message_id)
    assert read.state == messaging_pb2.RECEIPT_STATE_READ, read
    assert read.read_by == messaging_pb2.READER_PATIENT, read
    return f"two green ticks, told to the practice's open stream after {(told_at - asked_at) * 1000:.0f} ms"


def the_document_arrives_whole(play: Play) -> str:
    """The patient downloads the document, also from the middle, and the practice hears; only with a grant."""
    request = messaging_pb2.OpenMessageRequest(practice_id=play.practice.id, message_id=play.message_id)
    [attachment] = play.patient.messages.OpenMessage(request).message.attachments
    assert (attachment.file_name, attachment.size) == (FINDINGS.name, len(FINDINGS.content)), attachment
    assert attachment.sha256 == FINDINGS.sha256
    whole = download(play.patient, play.practice.id, attachment.id, attachment.grant)
    assert whole == FINDINGS.content, "the document came back changed"
    rest = download(play.patient, play.practice.id, attachment.id, attachment.grant, offset=100_001)
    assert rest == FINDINGS.content[100_001:], "the document's rest came back changed"
    for caller, grant in ((play.patient, ""), (play.physician, attachment.grant)):
        refusal = refusal_of(download, caller, play.practice.id, attachment.id, grant)
        assert refusal.reason == "GRANT_REFUSED", refusal
    eventually(
        lambda: receipt(play.physician, play.message_id),
        lambda seen: seen.attachments_opened == 1,
        "the practice does not hear that the document was opened",
    )
    return "same bytes, also from an offset; opened, once; refused without a grant and with somebody else's"


def the_patient_answers(play: Play) -> str:
    """The patient answers with a photo; the practice sees it, opens it, and the patient sees that."""
    photo_id = upload(play.patient, play.practice.id, play.patient_id, PHOTO)
    answer = play.patient.messages.SendReply(
        messaging_pb2.SendReplyRequest(
            request_id=new_id(),
            practice_id=play.practice.id,
            in_reply_to=play.message_id,
            body=ANSWER,
            attachment_ids=[photo_id],
        )
    )
    [conversation] = play.physician.messages.ListConversations(
        messaging_pb2.ListConversationsRequest()
    ).conversations
    assert (conversation.newest.id, conversation.unread_answers) == (answer.message_id, 1), conversation
    request = messaging_pb2.OpenMessageRequest(message_id=answer.message_id)
    message = play.physician.messages.OpenMessage(request).message
    [attachment] = message.attachments
    assert (message.body, attachment.media_type) == (ANSWER, "image/png"), message
    rendition = download(play.physician, "", attachment.id, attachment.grant)
    assert hashlib.sha256(rendition).digest() == attachment.sha256, "the photo came back changed"
    [newest, _] = play.patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert newest.receipt.read_by == messaging_pb2.READER_PRACTICE, newest
    return "answer with a photo; in der Praxis geöffnet"


def answering_is_refused_where_not_allowed(play: Play) -> str:
    """A message without the permission can't be answered."""
    sent = play.physician.messages.SendMessage(message_to(play.patient_id, reply_allowed=False))
    answer = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=play.practice.id, in_reply_to=sent.message_id, body="Doch?"
    )
    refusal = refusal_of(play.patient.messages.SendReply, answer)
    assert (refusal.code, refusal.reason) == ("FAILED_PRECONDITION", "REPLY_NOT_ALLOWED"), refusal
    return refusal.reason


def a_second_practice_is_met(play: Play) -> str:
    """A second practice has the same patient: after a login the account binds it; one mailbox shows both."""
    second = Practice.opened(play.stage, "Augenzentrum Süd")
    patient_id = second.record(second.admin, play.contact)
    second.admin.messages.SendMessage(message_to(patient_id, "Ihr Termin", "Montag um acht."))
    again = log_in(play.stage, play.contact)
    [offer] = again.accounts.ListBindingOffers(accounts_pb2.ListBindingOffersRequest()).offers
    assert (offer.practice_id, offer.practice_name) == (second.id, "Augenzentrum Süd"), offer
    wrong = accounts_pb2.AcceptBindingOfferRequest(practice_id=second.id, birth_date="1958-03-18")
    refusal = refusal_of(again.accounts.AcceptBindingOffer, wrong)
    assert refusal.reason == "NOT_MATCHED", refusal
    right = accounts_pb2.AcceptBindingOfferRequest(practice_id=second.id, birth_date=play.contact.birth_date)
    again.accounts.AcceptBindingOffer(right)
    fresh = log_in(play.stage, play.contact)
    listed = fresh.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert {item.practice_id for item in listed} == {play.practice.id, second.id}, listed
    return "offered, wrong birth date refused, bound; one mailbox over both practices"


def strangers_find_nothing(play: Play) -> str:
    """Another practice can't tell this practice's patient and message from ones that do not exist."""
    other = Practice.opened(play.stage, "Praxis nebenan")
    seen = []
    for patient_id, message_id in ((play.patient_id, play.message_id), (new_id(), new_id())):
        opening = messaging_pb2.OpenMessageRequest(message_id=message_id)
        reading = patients_pb2.GetPatientRequest(patient_id=patient_id)
        seen.append(
            (
                refusal_of(other.admin.messages.SendMessage, message_to(patient_id)),
                refusal_of(other.admin.messages.OpenMessage, opening),
                refusal_of(other.admin.patients.GetPatient, reading),
            )
        )
    assert seen[0] == seen[1], seen
    return ", ".join(refusal.reason for refusal in seen[0])


def bad_input_is_refused(play: Play) -> str:
    """What can't be accepted is refused with a reason, and nothing is stored."""
    staff = play.physician
    bare = play.practice.record(staff, Contact("Ohne", "Kontakt", "", "", ""))
    history = messaging_pb2.ListMessagesRequest(patient_id=play.patient_id)
    before = staff.messages.ListMessages(history)
    reasons = []
    for request, reason in (
        (message_to(bare), "CONTACT_MISSING"),
        (message_to(play.patient_id, attachment_ids=[new_id()]), "ATTACHMENT_NOT_FOUND"),
        (message_to(play.patient_id, body="x" * 20_001), "INVALID_FIELD"),
        (message_to("nobody"), "INVALID_FIELD"),
        (message_to(play.patient_id, request_id="twice"), "INVALID_FIELD"),
    ):
        refusal = refusal_of(staff.messages.SendMessage, request)
        assert refusal.reason == reason, refusal
        reasons.append(reason)
    huge = Document("gross.bin", "application/octet-stream", bytes(50 * 1024 * 1024 + 1))
    refusal = refusal_of(upload, staff, play.practice.id, play.patient_id, huge)
    assert refusal.reason == "ATTACHMENT_TOO_LARGE", refusal
    assert staff.messages.ListMessages(history) == before, "something was stored"
    return ", ".join(dict.fromkeys([*reasons, refusal.reason]))


def changes_can_be_followed(play: Play) -> str:
    """The list of changes holds every step of the first message, in order, each once."""
    changes = play.physician.messages.ListChanges(messaging_pb2.ListChangesRequest(page_size=1000)).changes
    kinds = [change.kind for change in changes if change.message_id == play.message_id]
    assert kinds[0] == messaging_pb2.CHANGE_KIND_MESSAGE, kinds
    assert kinds[1:] == [messaging_pb2.CHANGE_KIND_RECEIPT] * 4, kinds
    return "stored, sent, received, read, document opened"


Step = Callable[[Play], str]

STEPS: tuple[Step, ...] = (
    a_practice_is_opened,
    a_patient_is_recorded,
    a_message_with_a_document_is_sent,
    the_prompt_says_nothing,
    the_patient_registers,
    the_mailbox_shows_it,
    the_patient_reads,
    the_document_arrives_whole,
    the_patient_answers,
    answering_is_refused_where_not_allowed,
    a_second_practice_is_met,
    strangers_find_nothing,
    bad_input_is_refused,
    changes_can_be_followed,
)
