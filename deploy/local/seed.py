"""Makes the demonstration practice by public RPCs, as a practice would come to Praxispost."""

import re
import uuid
from dataclasses import dataclass, replace
from typing import Any

import grpc

from deploy.local.address_book import AddressBook
from deploy.local.catcher.client import CatcherClient
from deploy.local.demonstration import (
    PATIENTS,
    PRACTICE_NAME,
    PRACTICE_PHONE,
    PROGRAM_LABEL,
    STAFF,
    Demonstration,
    DemoPatient,
    StaffLogin,
)
from deploy.local.service_accounts import ServiceAccount
from praxispost.identity.v1 import (
    patients_pb2,
    patients_pb2_grpc,
    practices_pb2,
    practices_pb2_grpc,
    service_accounts_pb2,
    service_accounts_pb2_grpc,
    sessions_pb2,
    sessions_pb2_grpc,
    staff_pb2,
    staff_pb2_grpc,
    tokens_pb2,
    tokens_pb2_grpc,
)

_SECONDS = 20.0
_INVITATION_CODE = re.compile(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b")
# The same ids in every attempt: what an attempt that broke off had made is found again, not made twice.
_REQUESTS = uuid.UUID("6a1f6f0e-6a57-4f0c-9d4b-6f1f9f3b7f52")
_ROLES = {
    "admin": staff_pb2.STAFF_ROLE_ADMIN,
    "physician": staff_pb2.STAFF_ROLE_PHYSICIAN,
    "assistant": staff_pb2.STAFF_ROLE_ASSISTANT,
}


class SeedingFailed(Exception):
    """The demonstration practice could not be made."""


@dataclass(frozen=True, slots=True)
class _Caller:
    """What every call of one caller carries."""

    token: str

    def options(self) -> dict[str, Any]:
        metadata = (("authorization", f"Bearer {self.token}"),)
        return {"metadata": metadata, "timeout": _SECONDS, "wait_for_ready": True}


def seed(book: AddressBook, caught: CatcherClient) -> Demonstration:
    """Make what is not there yet."""
    with grpc.insecure_channel(book.targets.identity) as identity:
        return _Seeding(identity, book, caught).run()


class _Seeding:
    def __init__(self, identity: grpc.Channel, book: AddressBook, caught: CatcherClient) -> None:
        self._identity = identity
        self._caught = caught
        self._tokens = tokens_pb2_grpc.TokenServiceStub(identity)
        self._staff = staff_pb2_grpc.StaffServiceStub(identity)
        self._operator = self._program(book.operator)
        self._portal = self._program(book.portal)

    def run(self) -> Demonstration:
        admin_login, *others = STAFF
        practice_id = self._create_practice(admin_login)
        admin = self._log_in(admin_login)
        for login in others:
            self._invite(admin, login)
            self._log_in(login)
        return Demonstration(
            practice_id=practice_id,
            staff=STAFF,
            patients=tuple(self._create_patient(admin, patient) for patient in PATIENTS),
            program=self._create_program(admin),
        )

    def _program(self, account: ServiceAccount) -> _Caller:
        request = tokens_pb2.IssueServiceTokenRequest(
            account_id=account.id, secret=account.secret, audience="identity"
        )
        answer = self._tokens.IssueServiceToken(request, timeout=_SECONDS, wait_for_ready=True)
        return _Caller(answer.token)

    def _create_practice(self, admin: StaffLogin) -> str:
        request = practices_pb2.CreatePracticeRequest(
            request_id=_request_id("practice"),
            settings=practices_pb2.PracticeSettings(name=PRACTICE_NAME, phone=PRACTICE_PHONE),
            first_admin=practices_pb2.FirstAdmin(
                email=admin.email, given_name=admin.given_name, family_name=admin.family_name
            ),
        )
        practices = practices_pb2_grpc.PracticeServiceStub(self._identity)
        return practices.CreatePractice(request, **self._operator.options()).practice_id

    def _invite(self, admin: _Caller, login: StaffLogin) -> None:
        request = staff_pb2.InviteStaffMemberRequest(
            request_id=_request_id(login.email),
            email=login.email,
            given_name=login.given_name,
            family_name=login.family_name,
            role=_ROLES[login.role],
        )
        self._staff.InviteStaffMember(request, **admin.options())

    def _log_in(self, login: StaffLogin) -> _Caller:
        """Log a staff member in, who accepts the invitation first if that is still to be done."""
        session = self._session(login) or self._accepted(login)
        exchange = tokens_pb2.ExchangeSessionRequest(session=session, audience="identity", by_person=True)
        return _Caller(self._tokens.ExchangeSession(exchange, **self._portal.options()).token)

    def _session(self, login: StaffLogin) -> str | None:
        sessions = sessions_pb2_grpc.SessionServiceStub(self._identity)
        request = sessions_pb2.LoginStaffRequest(email=login.email, password=login.password)
        try:
            return sessions.LoginStaff(request, **self._portal.options()).session
        except grpc.RpcError as error:
            call: Any = error  # grpcio raises errors that are calls too, which its types do not say
            if call.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
            return None

    def _accepted(self, login: StaffLogin) -> str:
        code = _INVITATION_CODE.search(self._caught.wait_for_mail(login.email).text)
        if code is None:
            raise SeedingFailed(f"The mail to {login.email} holds no invitation code.")
        request = staff_pb2.AcceptInvitationRequest(
            email=login.email, code=code.group(), password=login.password
        )
        self._staff.AcceptInvitation(request, **self._portal.options())
        session = self._session(login)
        if session is None:
            raise SeedingFailed(f"{login.email} accepted the invitation, and still cannot log in.")
        return session

    def _create_patient(self, admin: _Caller, patient: DemoPatient) -> DemoPatient:
        request = patients_pb2.CreatePatientRequest(
            request_id=_request_id(patient.email),
            data=patients_pb2.PatientData(
                given_name=patient.given_name,
                family_name=patient.family_name,
                birth_date=patient.birth_date,
                email=patient.email,
                mobile=patient.mobile,
            ),
        )
        patients = patients_pb2_grpc.PatientServiceStub(self._identity)
        return replace(patient, id=patients.CreatePatient(request, **admin.options()).patient_id)

    def _create_program(self, admin: _Caller) -> ServiceAccount:
        # Its secret is shown once only: an attempt that broke off has lost it, so each makes a new one.
        request = service_accounts_pb2.CreateServiceAccountRequest(
            request_id=str(uuid.uuid4()), label=PROGRAM_LABEL
        )
        accounts = service_accounts_pb2_grpc.ServiceAccountServiceStub(self._identity)
        made = accounts.CreateServiceAccount(request, **admin.options())
        return ServiceAccount(made.account_id, made.secret)


def _request_id(what: str) -> str:
    return str(uuid.uuid5(_REQUESTS, what))
