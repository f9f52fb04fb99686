"""Who plays in the story, and what each of them can do over the public RPCs."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import grpc

from deploy.local.address_book import Targets
from praxispost.attachments.v1 import attachments_pb2
from praxispost.identity.v1 import patients_pb2, practices_pb2, registration_pb2, sessions_pb2, staff_pb2
from praxispost.messaging.v1 import messaging_pb2
from tests.story.callers import Caller, Refused, chunks, person, refused
from tests.story.post import Post

STAFF_PASSWORD = "Lindenallee im Regen 7"
PERSON_PASSWORD = "Kastanien am Bach 3"
WAIT_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.02

T = TypeVar("T")


def new_id() -> str:
    """A request id, or an id that nothing has."""
    return str(uuid.uuid4())


def unique_email(name: str) -> str:
    """An address that no earlier play of the story has used."""
    return f"{name}.{secrets.token_hex(5)}@post.example.com"


def unique_mobile() -> str:
    """A German mobile number that hardly any earlier play of the story has used, E.164."""
    return f"+491512{secrets.randbelow(10**7):07d}"


def individual_text() -> str:
    """A text that nobody else gets: one text to many patients would be held."""
    return f"Ihr Wert ist {secrets.token_hex(6)}. Bitte rufen Sie uns an."


def eventually(look: Callable[[], T], fits: Callable[[T], bool], what: str) -> T:
    """Looks until what is seen fits; fails with what was seen last."""
    end = time.monotonic() + WAIT_SECONDS
    while not fits(seen := look()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}; seen last: {seen}")
        time.sleep(LOOK_EVERY_SECONDS)
    return seen


def refusal_of(call: Callable[..., object], *arguments: object) -> Refused:
    """The refusal that a call with these arguments ends with; an answer is a failure."""
    try:
        answer = call(*arguments)
    except grpc.RpcError as error:
        return refused(error)
    raise AssertionError(f"was answered instead of refused: {type(answer).__name__}")


@dataclass(frozen=True, slots=True)
class Stage:
    """The running system: where it is, its post, and the two programs that begin everything."""

    targets: Targets
    post: Post
    operator: Caller
    portal: Caller


@dataclass(frozen=True, slots=True)
class Document:
    """A document to send."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).digest()


def upload(caller: Caller, practice_id: str, patient_id: str, document: Document) -> str:
    """Uploads a document for a patient's conversation and returns its id."""

    def parts() -> Iterator[attachments_pb2.UploadAttachmentRequest]:
        header = attachments_pb2.UploadHeader(
            request_id=new_id(),
            practice_id=practice_id,
            patient_id=patient_id,
            file_name=document.name,
            media_type=document.media_type,
            size=len(document.content),
            sha256=document.sha256,
        )
        yield attachments_pb2.UploadAttachmentRequest(header=header)
        for chunk in chunks(document.content):
            yield attachments_pb2.UploadAttachmentRequest(chunk=chunk)

    return caller.attachments.UploadAttachment(parts()).attachment_id


def download(caller: Caller, practice_id: str, attachment_id: str, grant: str, offset: int = 0) -> bytes:
    """Downloads a document from an offset on."""
    request = attachments_pb2.DownloadAttachmentRequest(
        practice_id=practice_id, attachment_id=attachment_id, grant=grant, offset=offset
    )
    return b"".join(part.chunk for part in caller.attachments.DownloadAttachment(request))


@dataclass(frozen=True, slots=True)
class Contact:
    """What a practice's record says of a patient."""

    given_name: str
    family_name: str
    birth_date: str
    email: str
    mobile: str

    @property
    def data(self) -> patients_pb2.PatientData:
        """The same as a practice sends it."""
        return patients_pb2.PatientData(
            given_name=self.given_name,
            family_name=self.family_name,
            birth_date=self.birth_date,
            email=self.email,
            mobile=self.mobile,
        )


class Practice:
    """A practice, seen through its staff."""

    def __init__(self, stage: Stage, practice_id: str, admin: Caller) -> None:
        self.stage = stage
        self.id = practice_id
        self.admin = admin

    @classmethod
    def opened(cls, stage: Stage, name: str) -> Practice:
        """The operator creates it; its first admin accepts the invitation and logs in."""
        email = unique_email("admin")
        created = stage.operator.practices.CreatePractice(
            practices_pb2.CreatePracticeRequest(
                request_id=new_id(),
                settings=practices_pb2.PracticeSettings(name=name, phone="030 5550123"),
                first_admin=practices_pb2.FirstAdmin(email=email, given_name="Anke", family_name="Admiral"),
            )
        )
        return cls(stage, created.practice_id, join(stage, email))

    def invited(self, role: staff_pb2.StaffRole.ValueType, given_name: str, family_name: str) -> Caller:
        """The admin invites a staff member, who accepts and logs in."""
        email = unique_email("team")
        self.admin.staff.InviteStaffMember(
            staff_pb2.InviteStaffMemberRequest(
                request_id=new_id(), email=email, given_name=given_name, family_name=family_name, role=role
            )
        )
        return join(self.stage, email)

    def record(self, staff: Caller, contact: Contact) -> str:
        """A staff member makes a patient's record; returns the patient's id."""
        request = patients_pb2.CreatePatientRequest(request_id=new_id(), data=contact.data)
        return staff.patients.CreatePatient(request).patient_id


def join(stage: Stage, email: str) -> Caller:
    """Accepts the invitation that was sent to an address, and logs in."""
    code = stage.post.invitation_code(email)
    stage.portal.staff.AcceptInvitation(
        staff_pb2.AcceptInvitationRequest(email=email, code=code, password=STAFF_PASSWORD)
    )
    login = stage.portal.sessions.LoginStaff(
        sessions_pb2.LoginStaffRequest(email=email, password=STAFF_PASSWORD)
    )
    return person(stage.targets, stage.portal, login.session)


def message_to(
    patient_id: str,
    subject: str = "Ihre Befunde",
    body: str = "Bitte lesen Sie die Anlage.",
    *,
    reply_allowed: bool = True,
    attachment_ids: Sequence[str] = (),
    request_id: str | None = None,
) -> messaging_pb2.SendMessageRequest:
    """A message as a practice sends it."""
    return messaging_pb2.SendMessageRequest(
        request_id=request_id or new_id(),
        patient_id=patient_id,
        purpose=messaging_pb2.PURPOSE_FINDINGS,
        subject=subject,
        body=body,
        reply_allowed=reply_allowed,
        attachment_ids=attachment_ids,
    )


def sent(staff: Caller, request: messaging_pb2.SendMessageRequest) -> str:
    """Sends as soon as messaging has heard that it may; returns the message's id."""

    def attempt() -> messaging_pb2.SendMessageResponse | Refused:
        try:
            return staff.messages.SendMessage(request)
        except grpc.RpcError as error:
            return refused(error)

    answer = eventually(
        attempt, lambda seen: isinstance(seen, messaging_pb2.SendMessageResponse), "still refused"
    )
    assert isinstance(answer, messaging_pb2.SendMessageResponse)
    return answer.message_id


def sending(staff: Caller, patient_id: str) -> str:
    """What becomes of a message now: "sent", or the reason of the refusal."""
    try:
        staff.messages.SendMessage(message_to(patient_id))
    except grpc.RpcError as error:
        return refused(error).reason
    return "sent"


def receipt(staff: Caller, message_id: str) -> messaging_pb2.Receipt:
    """The tick of a message as the practice sees it now."""
    return staff.messages.GetReceipt(messaging_pb2.GetReceiptRequest(message_id=message_id)).receipt


def tick(
    staff: Caller, message_id: str, state: messaging_pb2.ReceiptState.ValueType
) -> messaging_pb2.Receipt:
    """Waits until the tick stands at this state."""
    wanted = messaging_pb2.ReceiptState.Name(state)
    return eventually(
        lambda: receipt(staff, message_id), lambda seen: seen.state == state, f"no tick {wanted}"
    )


class Registration:
    """A person at the registration's steps."""

    def __init__(self, stage: Stage, contact: Contact) -> None:
        self._stage = stage
        self._contact = contact
        self._stub = stage.portal.registration
        started = self._stub.StartRegistration(
            registration_pb2.StartRegistrationRequest(
                email=contact.email, mobile=contact.mobile, password=PERSON_PASSWORD
            )
        )
        self.secret = started.registration

    def prove_email(self, code: str | None = None) -> None:
        """Gives the code from the e-mail, or another one."""
        code = code or self._stage.post.mailed_code(self._contact.email)
        self._stub.VerifyEmail(registration_pb2.VerifyEmailRequest(registration=self.secret, code=code))

    def prove_mobile(self) -> None:
        """Gives the code from the SMS."""
        code = self._stage.post.texted_code(self._contact.mobile)
        self._stub.VerifyMobile(registration_pb2.VerifyMobileRequest(registration=self.secret, code=code))

    def resend(self) -> None:
        """Asks for the code that is due once more."""
        self._stub.ResendCode(registration_pb2.ResendCodeRequest(registration=self.secret))

    def complete(self, birth_date: str | None = None) -> registration_pb2.CompleteRegistrationResponse:
        """Gives the birth date."""
        return self._stub.CompleteRegistration(
            registration_pb2.CompleteRegistrationRequest(
                registration=self.secret, birth_date=birth_date or self._contact.birth_date
            )
        )


def register(stage: Stage, contact: Contact) -> Caller:
    """Registers a patient through all steps, and returns the person who is logged in by it."""
    registration = Registration(stage, contact)
    registration.prove_email()
    registration.prove_mobile()
    return person(stage.targets, stage.portal, registration.complete().session)


def log_in(stage: Stage, contact: Contact) -> Caller:
    """Logs a patient in with password and SMS code."""
    started = stage.portal.sessions.StartLogin(
        sessions_pb2.StartLoginRequest(email=contact.email, password=PERSON_PASSWORD)
    )
    code = stage.post.texted_code(contact.mobile)
    finished = stage.portal.sessions.FinishLogin(
        sessions_pb2.FinishLoginRequest(login=started.login, code=code)
    )
    return person(stage.targets, stage.portal, finished.session)
