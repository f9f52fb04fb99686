"""What tests of drafts and withdrawals do over the public RPCs."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.caller import Caller
from chassis.statements import StatementSigner
from praxispost.attachments.v1 import attachments_pb2
from praxispost.messaging.v1 import drafts_pb2, drafts_pb2_grpc, withdrawals_pb2, withdrawals_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.guard.step_up import StepUpPurpose
from tests.integration.messaging.post import Post, refusing


def drafts_of(post: Post) -> "drafts_pb2_grpc.DraftServiceAsyncStub":
    """The practice's drafts."""
    return drafts_pb2_grpc.DraftServiceStub(post.channel)


def withdrawals_of(post: Post) -> "withdrawals_pb2_grpc.WithdrawalServiceAsyncStub":
    """What a practice takes back."""
    return withdrawals_pb2_grpc.WithdrawalServiceStub(post.channel)


def document(post: Post, **changed: Any) -> str:
    """A document that attachments has, and that can be claimed; returns its id."""
    document_id = str(uuid4())
    usual: dict[str, Any] = {
        "file_name": "Befund.pdf",
        "media_type": "application/pdf",
        "size": 3,
        "sha256": b"\1" * 32,
    }
    claimed = attachments_pb2.ClaimedAttachment(id=document_id, **usual | changed)
    post.neighbours.documents[document_id] = claimed
    return document_id


def draft_content(**changed: Any) -> drafts_pb2.DraftContent:
    """What could be sent as it is."""
    usual: dict[str, Any] = {
        "purpose": wire.PURPOSE_FINDINGS,
        "subject": "Entwurf",
        "body": "Noch nicht fertig.",
    }
    return drafts_pb2.DraftContent(**usual | changed)


async def create_draft(
    post: Post, caller: Caller, patient_id: UUID, /, **content: Any
) -> drafts_pb2.CreateDraftResponse:
    """Begin a draft; raises the Refusal that the api answers with."""
    request = drafts_pb2.CreateDraftRequest(
        request_id=str(uuid4()), patient_id=str(patient_id), content=draft_content(**content)
    )
    return await refusing(drafts_of(post).CreateDraft(request, metadata=post.to(caller)))


def stepped_up(
    post: Post,
    who: Caller,
    message_id: str,
    *,
    purpose: StepUpPurpose = StepUpPurpose.ERASE_CONTENT,
    alone: bool = False,
    kind: str = "step-up",
    ago: int = 0,
) -> str:
    """What identity signs when somebody has proved their password for a message, so many minutes ago."""
    signer = StatementSigner(post.token_key, "identity", kind)
    claims = {
        "sub": str(who.subject_id),
        "ten": str(who.tenant_id),
        "alone": alone,
        "pur": purpose.value,
        "obj": message_id,
    }
    now = post.clock() - timedelta(minutes=ago)
    return signer.sign(claims, audience="messaging", now=now, lifetime=timedelta(minutes=5))


async def withdraw(post: Post, caller: Caller, message_id: str) -> datetime:
    """Withdraw a message; raises the Refusal that the api answers with."""
    request = withdrawals_pb2.WithdrawMessageRequest(
        message_id=message_id, withdrawal_reason=wire.WITHDRAWAL_REASON_MISDIRECTED
    )
    answer = await refusing(withdrawals_of(post).WithdrawMessage(request, metadata=post.to(caller)))
    return answer.withdrawn_at.ToDatetime(UTC)
