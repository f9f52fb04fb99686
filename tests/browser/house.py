"""The people of the browser tests, made by public RPCs; what a test is about, it does in the browser."""

from dataclasses import dataclass

from praxispost.identity.v1 import practices_pb2, registration_pb2, sessions_pb2, staff_pb2
from tests.story.callers import Caller, person
from tests.story.cast import (
    PERSON_PASSWORD,
    STAFF_PASSWORD,
    Contact,
    Practice,
    Registration,
    Stage,
    new_id,
    unique_email,
    unique_mobile,
)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A staff member; `session` is for a window, `caller` makes RPCs in the same person's name."""

    email: str
    session: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's record."""

    id: str
    contact: Contact


class House:
    """Where everything is, and who comes into it. All staff have the password STAFF_PASSWORD."""

    def __init__(self, stage: Stage, portal_url: str) -> None:
        self.stage = stage
        self.portal_url = portal_url

    def practice(self, name: str = "Hausarztpraxis am Park") -> tuple[Practice, StaffMember]:
        """A new practice and its admin, Anke Admiral."""
        email = unique_email("admin")
        created = self.stage.operator.practices.CreatePractice(
            practices_pb2.CreatePracticeRequest(
                request_id=new_id(),
                settings=practices_pb2.PracticeSettings(name=name, phone="030 5550123"),
                first_admin=practices_pb2.FirstAdmin(email=email, given_name="Anke", family_name="Admiral"),
            )
        )
        admin = self._join(email)
        return Practice(self.stage, created.practice_id, admin.caller), admin

    def colleague(
        self,
        practice: Practice,
        given_name: str = "Beate",
        family_name: str = "Beispiel",
        role: staff_pb2.StaffRole.ValueType = staff_pb2.STAFF_ROLE_ASSISTANT,
    ) -> StaffMember:
        """One more staff member, who accepted the invitation."""
        email = unique_email("team")
        request = staff_pb2.InviteStaffMemberRequest(
            request_id=new_id(), email=email, given_name=given_name, family_name=family_name, role=role
        )
        practice.admin.staff.InviteStaffMember(request)
        return self._join(email)

    def patient(
        self, practice: Practice, given_name: str = "Erika", family_name: str = "Mustermann"
    ) -> Patient:
        """A patient's record with all that is needed to write to them."""
        contact = Contact(given_name, family_name, "1964-08-12", unique_email("patient"), unique_mobile())
        return Patient(practice.record(practice.admin, contact), contact)

    def registered(self, patient: Patient) -> str:
        """The patient registers; returns the session."""
        registration = Registration(self.stage, patient.contact)
        registration.prove_email()
        registration.prove_mobile()
        request = registration_pb2.CompleteRegistrationRequest(
            registration=registration.secret, birth_date=patient.contact.birth_date
        )
        return self.stage.portal.registration.CompleteRegistration(request).session

    def log_in(self, contact: Contact, password: str = PERSON_PASSWORD) -> str:
        """A person with an account logs in on one more device; returns the session."""
        login = sessions_pb2.StartLoginRequest(email=contact.email, password=password)
        begun = self.stage.portal.sessions.StartLogin(login).login
        code = self.stage.post.texted_code(contact.mobile)
        finish = sessions_pb2.FinishLoginRequest(login=begun, code=code)
        return self.stage.portal.sessions.FinishLogin(finish).session

    def account(self, session: str) -> Caller:
        """Makes RPCs in the name of a person with this session."""
        return person(self.stage.targets, self.stage.portal, session)

    def staff_session(self, email: str) -> str:
        """A staff member's new session."""
        request = sessions_pb2.LoginStaffRequest(email=email, password=STAFF_PASSWORD)
        return self.stage.portal.sessions.LoginStaff(request).session

    def _join(self, email: str) -> StaffMember:
        code = self.stage.post.invitation_code(email)
        self.stage.portal.staff.AcceptInvitation(
            staff_pb2.AcceptInvitationRequest(email=email, code=code, password=STAFF_PASSWORD)
        )
        caller = person(self.stage.targets, self.stage.portal, self.staff_session(email))
        return StaffMember(email, self.staff_session(email), caller)
