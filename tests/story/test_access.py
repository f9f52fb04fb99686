"""Who may call what: every RPC of the descriptors, for every role, with own, foreign and absent ids."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from google.protobuf import field_mask_pb2, message

from deploy.local.service_accounts import ServiceAccount
from praxispost.identity.v1 import (
    service_accounts_pb2,
    sessions_pb2,
    staff_pb2,
    step_up_pb2,
    step_up_pb2_grpc,
)
from praxispost.messaging.v1 import drafts_pb2, messaging_pb2, work_pb2
from tests.story.callers import Caller, Refused, Token, program
from tests.story.cast import (
    STAFF_PASSWORD,
    Contact,
    Practice,
    Stage,
    message_to,
    new_id,
    register,
    unique_email,
    unique_mobile,
    upload,
)
from tests.story.rpcs import Rpc, every_rpc
from tests.story.steps import PHOTO

STAFF = frozenset({"admin", "physician", "assistant"})
PRACTICE = STAFF | {"practice_service"}
PEOPLE = STAFF | {"account"}
ROLES = PRACTICE | {
    "account",
    "anonymous",
    "operator",
    "portal",
    "identity",
    "messaging",
    "attachments",
    "notifier",
}

# Written from ARCHITECTURE and the comments of the contracts, not from the services' own tables.
ALLOWED: dict[str, frozenset[str]] = {
    "TokenService.IssueServiceToken": ROLES,
    "TokenService.ExchangeSession": frozenset({"portal"}),
    "PracticeService.CreatePractice": frozenset({"operator"}),
    "PracticeService.GetPractice": PRACTICE | {"operator"},
    "PracticeService.UpdatePractice": frozenset({"admin"}),
    "PracticeService.ListPractices": frozenset({"operator"}),
    "StaffService.InviteStaffMember": frozenset({"admin"}),
    "StaffService.AcceptInvitation": frozenset({"portal"}),
    "StaffService.ResendInvitation": frozenset({"admin"}),
    "StaffService.GetStaffMember": STAFF,
    "StaffService.ListStaffMembers": STAFF,
    "StaffService.ChangeStaffRole": frozenset({"admin"}),
    "StaffService.DisableStaffMember": frozenset({"admin"}),
    "StaffService.EnableStaffMember": frozenset({"admin"}),
    "StaffService.ChangeStaffPassword": STAFF,
    "StaffService.GetStaffState": frozenset({"messaging"}),
    "PatientService.CreatePatient": PRACTICE,
    "PatientService.UpdatePatient": PRACTICE,
    "PatientService.GetPatient": PRACTICE,
    "PatientService.BatchGetPatients": PRACTICE,
    "PatientService.ListPatients": PRACTICE,
    "PatientService.SearchPatients": PRACTICE,
    "PatientService.GetPatientState": frozenset({"messaging"}),
    "PatientService.ResolveContact": frozenset({"notifier"}),
    "PatientService.ResolveContacts": frozenset({"notifier"}),
    "ReaderService.GetReaders": PRACTICE,
    "ReaderService.ListReaderQuestions": PRACTICE,
    "ReaderService.AnswerReaderQuestion": STAFF,
    "ReaderService.EndRepresentation": STAFF,
    "AccessService.GetAccess": STAFF,
    "AccessService.SettleAccess": STAFF,
    "AccessService.ReleaseBirthDate": STAFF,
    "AccessService.ConfirmAddress": STAFF,
    "AccessService.MarkPatient": PRACTICE,
    "ImportService.ImportPatients": PRACTICE,
    "ImportService.GetImportDifference": STAFF,
    "ImportService.KeepContact": STAFF,
    "ServiceAccountService.CreateServiceAccount": frozenset({"admin", "operator"}),
    "ServiceAccountService.ListServiceAccounts": frozenset({"admin", "operator"}),
    "ServiceAccountService.DisableServiceAccount": frozenset({"admin", "operator"}),
    "RegistrationService.StartRegistration": frozenset({"portal"}),
    "RegistrationService.ResendCode": frozenset({"portal"}),
    "RegistrationService.VerifyEmail": frozenset({"portal"}),
    "RegistrationService.VerifyMobile": frozenset({"portal"}),
    "RegistrationService.CompleteRegistration": frozenset({"portal"}),
    "RegistrationService.GetRegistration": frozenset({"portal"}),
    "SessionService.StartLogin": frozenset({"portal"}),
    "SessionService.FinishLogin": frozenset({"portal"}),
    "SessionService.LoginStaff": frozenset({"portal"}),
    "SessionService.ListSessions": PEOPLE,
    "SessionService.EndSession": PEOPLE,
    "StepUpService.StepUp": STAFF,
    "AccountService.GetAccount": frozenset({"account"}),
    "AccountService.ListBindingOffers": frozenset({"account"}),
    "AccountService.AcceptBindingOffer": frozenset({"account"}),
    "PasswordResetService.StartPasswordReset": frozenset({"portal"}),
    "PasswordResetService.VerifyResetEmail": frozenset({"portal"}),
    "PasswordResetService.CompletePasswordReset": frozenset({"portal"}),
    "AccountChangeService.StartContactChange": frozenset({"account"}),
    "AccountChangeService.ConfirmContactChange": frozenset({"account"}),
    "AccountChangeService.ChangePassword": frozenset({"account"}),
    "AccountChangeService.SetLanguage": frozenset({"account"}),
    "AccountChangeService.ObjectToMessages": frozenset({"account"}),
    "AccountChangeService.DeleteAccount": frozenset({"account"}),
    "MessagingService.SendMessage": PRACTICE,
    "MessagingService.SendReply": frozenset({"account"}),
    "MessagingService.OpenMessage": PEOPLE,
    "MessagingService.OpenMessages": PEOPLE,
    "MessagingService.GetMessage": frozenset({"practice_service"}),
    "MessagingService.ListConversations": PRACTICE,
    "MessagingService.ListMessages": PRACTICE,
    "MessagingService.ListMailbox": frozenset({"account"}),
    "MessagingService.GetReceipt": PRACTICE,
    "MessagingService.ListChanges": PRACTICE,
    "MessagingService.SendMessages": frozenset({"practice_service"}),
    "MessagingService.Watch": PRACTICE | {"account"},
    "MessagingService.LookupAttachments": frozenset({"attachments"}),
    "WithdrawalService.WithdrawMessage": STAFF,
    "WithdrawalService.CloseForReplies": STAFF,
    "WithdrawalService.EraseContent": frozenset({"admin"}),
    "DraftService.CreateDraft": STAFF,
    "DraftService.SaveDraft": STAFF,
    "DraftService.GetDraft": STAFF,
    "DraftService.ListDrafts": STAFF,
    "DraftService.DeleteDraft": STAFF,
    "DraftService.SendDraft": STAFF,
    "GuardService.ListHeld": PRACTICE,
    "GuardService.ConfirmHeld": STAFF,
    "GuardService.RejectHeld": STAFF,
    "GuardService.PromptAgain": STAFF,
    "GuardService.GetLegalBasis": PRACTICE,
    "GuardService.UpdateLegalBasis": frozenset({"admin"}),
    "WorkService.GetConversation": PRACTICE,
    "WorkService.MarkDone": STAFF,
    "WorkService.Reopen": STAFF,
    "WorkService.Assign": STAFF,
    "WorkService.AnnounceAnswering": STAFF,
    "WorkService.ListWork": PRACTICE,
    "WorkService.ListTasks": PRACTICE,
    "WorkService.GetTaskCounts": PRACTICE,
    "WorkService.ListDue": PRACTICE,
    "WorkService.HandOver": frozenset({"admin"}),
    "AttachmentService.UploadAttachment": PRACTICE | {"account"},
    "AttachmentService.DownloadAttachment": PRACTICE | {"account"},
    "AttachmentService.ShowAttachment": PRACTICE | {"account"},
    "AttachmentService.ClaimAttachments": frozenset({"messaging"}),
    "AttachmentService.WithdrawAttachments": frozenset({"messaging"}),
    "AttachmentService.EraseAttachments": frozenset({"messaging"}),
    "UsageService.GetUsage": PRACTICE | {"operator"},
    "UsageService.SetQuota": frozenset({"operator"}),
    "NoticeService.SendNotice": frozenset({"identity"}),
    "PromptService.ListPrompts": PRACTICE,
    "PromptService.ReportNotForMe": frozenset({"portal"}),
}

RPCS = list(every_rpc())
NOT_THEIRS = {("UNAUTHENTICATED", "TOKEN_MISSING"), ("PERMISSION_DENIED", "METHOD_NOT_ALLOWED")}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """A practice with one caller of each of its roles, and ids of what is its own."""

    callers: dict[str, Caller]
    ids: dict[str, Any]

    def erasing(self, message_id: str) -> str:
        """The admin's step-up to erase a message."""
        channel = self.callers["admin"].channel("identity")
        steps: step_up_pb2_grpc.StepUpServiceStub = step_up_pb2_grpc.StepUpServiceStub(channel)
        request = step_up_pb2.StepUpRequest(
            password=STAFF_PASSWORD,
            purpose=step_up_pb2.STEP_UP_PURPOSE_ERASE_CONTENT,
            object_id=message_id,
        )
        return steps.StepUp(request).statement


def a_side(stage: Stage, name: str) -> Side:
    """Opens a practice in which everything exists once."""
    practice = Practice.opened(stage, name)
    admin = practice.admin
    contact = Contact("Maria", "Muster", "1970-01-02", unique_email("maria"), unique_mobile())
    patient_id = practice.record(admin, contact)
    sent = admin.messages.SendMessage(message_to(patient_id))
    draft = admin.drafts.CreateDraft(
        drafts_pb2.CreateDraftRequest(request_id=new_id(), patient_id=patient_id)
    )
    created = admin.service_accounts.CreateServiceAccount(
        service_accounts_pb2.CreateServiceAccountRequest(request_id=new_id(), label="Labor")
    )
    members = admin.staff.ListStaffMembers(staff_pb2.ListStaffMembersRequest()).staff_members
    [session] = admin.sessions.ListSessions(sessions_pb2.ListSessionsRequest()).sessions
    callers = {
        "admin": admin,
        "physician": practice.invited(staff_pb2.STAFF_ROLE_PHYSICIAN, "Paul", "Arzt"),
        "assistant": practice.invited(staff_pb2.STAFF_ROLE_ASSISTANT, "Ali", "Helfer"),
        "practice_service": program(stage.targets, ServiceAccount(created.account_id, created.secret)),
        "account": register(stage, contact),
    }
    attachment_id = upload(admin, practice.id, patient_id, PHOTO)
    ids = {
        "practice_id": practice.id,
        "patient_id": patient_id,
        "patient_ids": [patient_id],
        "message_id": sent.message_id,
        "message_ids": [sent.message_id],
        "in_reply_to": sent.message_id,
        "conversation_id": sent.conversation_id,
        "draft_id": draft.draft_id,
        "staff_id": members[0].id,
        "from_staff_id": members[0].id,
        "to_staff_id": members[0].id,
        "session_id": session.id,
        "account_id": created.account_id,
        "attachment_id": attachment_id,
    }
    return Side(callers, ids)


def absent() -> dict[str, Any]:
    """Ids of nothing."""
    return {
        "practice_id": new_id(),
        "patient_id": new_id(),
        "patient_ids": [new_id()],
        "message_id": new_id(),
        "message_ids": [new_id()],
        "in_reply_to": new_id(),
        "conversation_id": new_id(),
        "draft_id": new_id(),
        "staff_id": new_id(),
        "from_staff_id": new_id(),
        "to_staff_id": new_id(),
        "session_id": new_id(),
        "account_id": new_id(),
        "attachment_id": new_id(),
    }


def with_the_rest(rpc: Rpc, ids: dict[str, Any]) -> message.Message:
    """A request that is acceptable but for its ids."""
    values: dict[str, Any] = {
        "request_id": new_id(),
        "purpose": messaging_pb2.PURPOSE_FINDINGS,
        "subject": "Betreff",
        "body": "Text",
        "given_name": "Neu",
        "family_name": "Name",
        "birth_date": "1970-01-02",
        "role": staff_pb2.STAFF_ROLE_ASSISTANT,
        "query": "Muster",
        "filter": work_pb2.WORK_FILTER_OPEN,
        "file_name": "a.txt",
        "phone": "030 1",
        "version": 1,
        "withdrawal_reason": messaging_pb2.WITHDRAWAL_REASON_OTHER,
        **ids,
    }
    if "update_mask" in rpc.method.input_type.fields_by_name:
        inner = "phone" if "Practice" in rpc.name else "given_name"
        values["update_mask"] = field_mask_pb2.FieldMask(paths=[inner])
    if rpc.name == "ServiceAccountService.CreateServiceAccount":
        values["role"] = ""
    return rpc.request(values)


@pytest.fixture(scope="module")
def ours(stage: Stage) -> Side:
    return a_side(stage, "Praxis Eins")


@pytest.fixture(scope="module")
def theirs(stage: Stage) -> Side:
    return a_side(stage, "Praxis Zwei")


@pytest.fixture(scope="module")
def callers(stage: Stage, ours: Side, platform: dict[str, Caller]) -> dict[str, Caller]:
    return {"anonymous": Caller(stage.targets, None), **platform, **ours.callers}


def without_ids(seen: object) -> object:
    """A refusal or answer with every id made the same, so that only what it tells remains."""
    return UUID.sub("(id)", repr(seen))


def test_every_rpc_has_a_rule() -> None:
    assert {rpc.name for rpc in RPCS} == set(ALLOWED)


@pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.name)
def test_only_the_named_roles_get_past_the_door(rpc: Rpc, callers: dict[str, Caller]) -> None:
    assert set(callers) == set(ROLES)
    for role, caller in callers.items():
        answer = rpc.call(caller, rpc.request({}))
        refusal = (answer.code, answer.reason) if isinstance(answer, Refused) else None
        if role in ALLOWED[rpc.name]:
            assert refusal not in NOT_THEIRS, (role, refusal)
        elif role == "anonymous":
            assert refusal == ("UNAUTHENTICATED", "TOKEN_MISSING"), (role, answer)
        else:
            assert refusal == ("PERMISSION_DENIED", "METHOD_NOT_ALLOWED"), (role, answer)


def test_a_token_for_one_service_opens_no_other(stage: Stage, ours: Side) -> None:
    def token_for_messaging(_: str) -> Token:
        return Token(ours.callers["admin"].token("messaging") or "", 0)

    astray = Caller(stage.targets, token_for_messaging)
    for rpc in RPCS:
        if rpc.service != "messaging" and "anonymous" not in ALLOWED[rpc.name]:
            answer = rpc.call(astray, rpc.request({}))
            assert isinstance(answer, Refused), rpc.name
            assert (answer.code, answer.reason) == ("UNAUTHENTICATED", "TOKEN_REFUSED"), rpc.name


def named_ids(rpc: Rpc) -> set[str]:
    """The names of the id fields in a request, nested ones too."""
    fields = list(rpc.method.input_type.fields)
    for field in rpc.method.input_type.fields:
        fields += field.message_type.fields if field.message_type is not None else []
    return {field.name for field in fields} & set(absent())


ERASING = "WithdrawalService.EraseContent"


@pytest.mark.parametrize("rpc", [rpc for rpc in RPCS if named_ids(rpc)], ids=lambda rpc: rpc.name)
def test_a_foreign_thing_looks_like_none(rpc: Rpc, ours: Side, theirs: Side) -> None:
    here = {"practice_id": ours.ids["practice_id"]}
    for role in sorted(ALLOWED[rpc.name] & set(ours.callers)):
        for elsewhere in ({}, here):
            answers = []
            for ids in (theirs.ids, absent()):
                proof = {"step_up": ours.erasing(ids["message_id"])} if rpc.name == ERASING else {}
                answers.append(
                    rpc.call(ours.callers[role], with_the_rest(rpc, {**ids, **elsewhere, **proof}))
                )
            foreign, nothing = answers
            assert without_ids(foreign) == without_ids(nothing), role


READING = ("Get", "List", "Search", "BatchGet", "Open")


@pytest.mark.parametrize(
    "rpc", [rpc for rpc in RPCS if rpc.method.name.startswith(READING)], ids=lambda rpc: rpc.name
)
def test_what_is_ones_own_is_shown(rpc: Rpc, ours: Side) -> None:
    for role in sorted(ALLOWED[rpc.name] & set(ours.callers)):
        answer = rpc.call(ours.callers[role], with_the_rest(rpc, ours.ids))
        assert isinstance(answer, message.Message), (role, answer)
