"""Which role may call which method of identity; a method that is missing here refuses everybody."""

from collections.abc import Mapping
from typing import Final

ADMIN: Final = frozenset({"admin"})
STAFF: Final = frozenset({"admin", "physician", "assistant"})
PRACTICE: Final = STAFF | {"practice_service"}
OPERATOR: Final = frozenset({"operator"})
PORTAL: Final = frozenset({"portal"})
ACCOUNT: Final = frozenset({"account"})
ANYBODY: Final = frozenset({"anonymous"})

_METHODS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "praxispost.identity.v1.PracticeService": {
        "CreatePractice": OPERATOR,
        "GetPractice": PRACTICE | OPERATOR,
        "UpdatePractice": ADMIN,
        "ListPractices": OPERATOR,
    },
    "praxispost.identity.v1.StaffService": {
        "InviteStaffMember": ADMIN,
        "AcceptInvitation": PORTAL,
        "ResendInvitation": ADMIN,
        "GetStaffMember": STAFF,
        "ListStaffMembers": STAFF,
        "ChangeStaffRole": ADMIN,
        "DisableStaffMember": ADMIN,
        "EnableStaffMember": ADMIN,
        "ChangeStaffPassword": STAFF,
        "GetStaffState": frozenset({"messaging"}),
    },
    "praxispost.identity.v1.PatientService": {
        "CreatePatient": PRACTICE,
        "UpdatePatient": PRACTICE,
        "GetPatient": PRACTICE,
        "BatchGetPatients": PRACTICE,
        "ListPatients": PRACTICE,
        "SearchPatients": PRACTICE,
        "GetPatientState": frozenset({"messaging"}),
        "ResolveContact": frozenset({"notifier"}),
        "ResolveContacts": frozenset({"notifier"}),
    },
    "praxispost.identity.v1.ReaderService": {
        "GetReaders": PRACTICE,
        "ListReaderQuestions": PRACTICE,
        "AnswerReaderQuestion": STAFF,
        "EndRepresentation": STAFF,
    },
    "praxispost.identity.v1.ServiceAccountService": {
        "CreateServiceAccount": ADMIN | OPERATOR,
        "ListServiceAccounts": ADMIN | OPERATOR,
        "DisableServiceAccount": ADMIN | OPERATOR,
    },
    "praxispost.identity.v1.TokenService": {
        "IssueServiceToken": ANYBODY,
        "ExchangeSession": PORTAL,
    },
    "praxispost.identity.v1.RegistrationService": {
        "StartRegistration": PORTAL,
        "ResendCode": PORTAL,
        "VerifyEmail": PORTAL,
        "VerifyMobile": PORTAL,
        "CompleteRegistration": PORTAL,
        "GetRegistration": PORTAL,
    },
    "praxispost.identity.v1.SessionService": {
        "StartLogin": PORTAL,
        "FinishLogin": PORTAL,
        "LoginStaff": PORTAL,
        "ListSessions": STAFF | ACCOUNT,
        "EndSession": STAFF | ACCOUNT,
    },
    "praxispost.identity.v1.StepUpService": {"StepUp": STAFF},
    "praxispost.identity.v1.AccountService": {
        "GetAccount": ACCOUNT,
        "ListBindingOffers": ACCOUNT,
        "AcceptBindingOffer": ACCOUNT,
    },
    "praxispost.identity.v1.AccessService": {
        "GetAccess": STAFF,
        "SettleAccess": STAFF,
        "ReleaseBirthDate": STAFF,
        "ConfirmAddress": STAFF,
        "MarkPatient": PRACTICE,
    },
    "praxispost.identity.v1.ImportService": {
        "ImportPatients": PRACTICE,
        "GetImportDifference": STAFF,
        "KeepContact": STAFF,
    },
    "praxispost.identity.v1.PasswordResetService": {
        "StartPasswordReset": PORTAL,
        "VerifyResetEmail": PORTAL,
        "CompletePasswordReset": PORTAL,
    },
    "praxispost.identity.v1.AccountChangeService": {
        "StartContactChange": ACCOUNT,
        "ConfirmContactChange": ACCOUNT,
        "ChangePassword": ACCOUNT,
        "SetLanguage": ACCOUNT,
        "ObjectToMessages": ACCOUNT,
        "DeleteAccount": ACCOUNT,
    },
    "praxispost.chassis.v1.PublicKeysService": {
        "ListPublicKeys": ANYBODY,
    },
}

ACCESS: Final[Mapping[str, frozenset[str]]] = {
    f"/{service}/{method}": roles
    for service, methods in _METHODS.items()
    for method, roles in methods.items()
}
