"""The api: answers all of identity's services."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.database_metrics import DatabaseMetrics
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.keys import FileWrappingKeys
from chassis.statements import StatementSigner
from chassis.telemetry import Telemetry
from chassis.tokens import PublicKeys, PublicKeysServicer, TokenSigner, TokenVerifier
from praxispost.chassis.v1 import public_keys_pb2_grpc
from praxispost.identity.v1 import (
    access_pb2_grpc,
    account_changes_pb2_grpc,
    accounts_pb2_grpc,
    imports_pb2_grpc,
    password_reset_pb2_grpc,
    patients_pb2_grpc,
    practices_pb2_grpc,
    readers_pb2_grpc,
    registration_pb2_grpc,
    service_accounts_pb2_grpc,
    sessions_pb2_grpc,
    staff_pb2_grpc,
    step_up_pb2_grpc,
    tokens_pb2_grpc,
)
from services.identity.access import ACCESS
from services.identity.foundation import Foundation, foundation
from services.identity.organisation import organisation
from services.identity.patients.servicer import PatientServicer
from services.identity.people import people
from services.identity.practices.servicer import PracticeServicer
from services.identity.service_accounts.servicer import ServiceAccountServicer
from services.identity.service_accounts.tokens import ServiceTokenIssue
from services.identity.settings import ApiSettings
from services.identity.staff.own_password import StaffPasswords
from services.identity.staff.servicer import StaffServicer
from services.identity.staff.step_up import ISSUER, KIND, StepUps
from services.identity.staff.step_up_servicer import StepUpServicer
from services.identity.token_servicer import TokenServicer

_POOL_SIZE = 16


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: ApiSettings, stop: asyncio.Event) -> None:
    """Serve until stopped."""
    telemetry = Telemetry("identity", "api", settings.metrics_port, settings.metrics_host)
    async with foundation(
        database_url=settings.database_url,
        keys_database_url=settings.keys_database_url,
        wrapping=FileWrappingKeys(settings.wrapping_keys),
        pool_size=_POOL_SIZE,
        registry=telemetry.registry,
        new_id=uuid4,
    ) as base:
        DatabaseMetrics(telemetry.registry, base.database)
        server = await build_server(settings.grpc, base, telemetry, clock=_now, new_id=uuid4)
        telemetry.start()
        try:
            await server.serve(stop)
        finally:
            telemetry.stop()


async def build_server(
    settings: GrpcSettings,
    base: Foundation,
    telemetry: Telemetry,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> GrpcServer:
    """The server with all that identity answers."""
    signer = TokenSigner(await base.signing_keys.current())
    own = organisation(base, clock=clock, new_id=new_id)
    persons = people(
        base.database,
        base.keys,
        base.registration_sealer,
        base.proofs,
        signer,
        clock=clock,
        new_id=new_id,
    )
    tokens = TokenServicer(
        ServiceTokenIssue(base.database, signer, base.proofs.attempts, clock), persons.exchange
    )
    server = GrpcServer(
        settings,
        access=ACCESS,
        verifier=TokenVerifier("identity", PublicKeys.local(base.signing_keys), clock),
        telemetry=telemetry,
        error_domain="identity.praxispost",
    )
    server.add(practices_pb2_grpc.add_PracticeServiceServicer_to_server, PracticeServicer(own.practices))
    server.add(
        staff_pb2_grpc.add_StaffServiceServicer_to_server,
        StaffServicer(own.staff, own.acceptance, own.password_change),
    )
    server.add(
        patients_pb2_grpc.add_PatientServiceServicer_to_server,
        PatientServicer(own.patient_writing, own.patient_reading),
    )
    server.add(readers_pb2_grpc.add_ReaderServiceServicer_to_server, own.readers)
    server.add(access_pb2_grpc.add_AccessServiceServicer_to_server, own.access)
    server.add(imports_pb2_grpc.add_ImportServiceServicer_to_server, own.imports)
    server.add(
        service_accounts_pb2_grpc.add_ServiceAccountServiceServicer_to_server,
        ServiceAccountServicer(own.service_accounts),
    )
    server.add(tokens_pb2_grpc.add_TokenServiceServicer_to_server, tokens)
    server.add(registration_pb2_grpc.add_RegistrationServiceServicer_to_server, persons.registration)
    server.add(sessions_pb2_grpc.add_SessionServiceServicer_to_server, persons.sessions)
    server.add(accounts_pb2_grpc.add_AccountServiceServicer_to_server, persons.accounts)
    server.add(
        step_up_pb2_grpc.add_StepUpServiceServicer_to_server,
        StepUpServicer(await _step_ups(base, clock)),
    )
    server.add(account_changes_pb2_grpc.add_AccountChangeServiceServicer_to_server, persons.account_changes)
    server.add(password_reset_pb2_grpc.add_PasswordResetServiceServicer_to_server, persons.password_reset)
    server.add(
        public_keys_pb2_grpc.add_PublicKeysServiceServicer_to_server, PublicKeysServicer(base.signing_keys)
    )
    return server


async def _step_ups(base: Foundation, clock: Callable[[], datetime]) -> StepUps:
    signer = StatementSigner(await base.signing_keys.current(), ISSUER, KIND)
    checks = StaffPasswords(base.database, base.proofs.passwords, base.proofs.attempts, clock)
    return StepUps(base.database, checks, signer, clock)
