"""The other services, as the portal calls them: one stub for each of their interfaces."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from grpc import aio

from chassis.grpc_client import channel
from chassis.service_tokens import ServiceTokens
from chassis.telemetry import Telemetry
from praxispost.attachments.v1.attachments_pb2_grpc import AttachmentServiceStub
from praxispost.attachments.v1.usage_pb2_grpc import UsageServiceStub
from praxispost.identity.v1.access_pb2_grpc import AccessServiceStub
from praxispost.identity.v1.account_changes_pb2_grpc import AccountChangeServiceStub
from praxispost.identity.v1.accounts_pb2_grpc import AccountServiceStub
from praxispost.identity.v1.imports_pb2_grpc import ImportServiceStub
from praxispost.identity.v1.password_reset_pb2_grpc import PasswordResetServiceStub
from praxispost.identity.v1.patients_pb2_grpc import PatientServiceStub
from praxispost.identity.v1.practices_pb2_grpc import PracticeServiceStub
from praxispost.identity.v1.readers_pb2_grpc import ReaderServiceStub
from praxispost.identity.v1.registration_pb2_grpc import RegistrationServiceStub
from praxispost.identity.v1.service_accounts_pb2_grpc import ServiceAccountServiceStub
from praxispost.identity.v1.sessions_pb2_grpc import SessionServiceStub
from praxispost.identity.v1.staff_pb2_grpc import StaffServiceStub
from praxispost.identity.v1.step_up_pb2_grpc import StepUpServiceStub
from praxispost.identity.v1.tokens_pb2_grpc import TokenServiceStub
from praxispost.messaging.v1.drafts_pb2_grpc import DraftServiceStub
from praxispost.messaging.v1.guard_pb2_grpc import GuardServiceStub
from praxispost.messaging.v1.messaging_pb2_grpc import MessagingServiceStub
from praxispost.messaging.v1.withdrawals_pb2_grpc import WithdrawalServiceStub
from praxispost.messaging.v1.work_pb2_grpc import WorkServiceStub
from praxispost.notifier.v1.prompts_pb2_grpc import PromptServiceStub
from services.portal.settings import WebSettings

# Longer than a password computation that waits for others; shorter than a person's patience.
_DEADLINE_SECONDS: Final = 10.0


class Services:
    """Stubs. A call without metadata is made in the portal's own name; `Person.ask` makes it in a
    person's."""

    def __init__(
        self, identity: aio.Channel, messaging: aio.Channel, attachments: aio.Channel, notifier: aio.Channel
    ) -> None:
        self.tokens = TokenServiceStub(identity)
        self.sessions = SessionServiceStub(identity)
        self.registration = RegistrationServiceStub(identity)
        self.password_reset = PasswordResetServiceStub(identity)
        self.accounts = AccountServiceStub(identity)
        self.account_changes = AccountChangeServiceStub(identity)
        self.practices = PracticeServiceStub(identity)
        self.staff = StaffServiceStub(identity)
        self.service_accounts = ServiceAccountServiceStub(identity)
        self.step_up = StepUpServiceStub(identity)
        self.patients = PatientServiceStub(identity)
        self.readers = ReaderServiceStub(identity)
        self.access = AccessServiceStub(identity)
        self.imports = ImportServiceStub(identity)
        self.messaging = MessagingServiceStub(messaging)
        self.work = WorkServiceStub(messaging)
        self.drafts = DraftServiceStub(messaging)
        self.withdrawals = WithdrawalServiceStub(messaging)
        self.guard = GuardServiceStub(messaging)
        self.attachments = AttachmentServiceStub(attachments)
        self.usage = UsageServiceStub(attachments)
        self.prompts = PromptServiceStub(notifier)


@asynccontextmanager
async def services(settings: WebSettings, telemetry: Telemetry) -> AsyncIterator[Services]:
    """The services, with channels that last as long as the context."""
    async with AsyncExitStack() as stack:
        to_tokens = channel(settings.identity_target, tokens=None, audience="identity", tls=settings.tls)
        await stack.enter_async_context(to_tokens)
        tokens = ServiceTokens(to_tokens, settings.service_account_id, settings.service_account_secret)
        targets = {
            "identity": settings.identity_target,
            "messaging": settings.messaging_target,
            "attachments": settings.attachments_target,
            "notifier": settings.notifier_target,
        }
        channels = {
            name: channel(
                target,
                tokens=tokens,
                audience=name,
                telemetry=telemetry,
                deadline=_DEADLINE_SECONDS,
                tls=settings.tls,
            )
            for name, target in targets.items()
        }
        for each in channels.values():
            await stack.enter_async_context(each)
        yield Services(**channels)
