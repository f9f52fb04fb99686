"""PromptService over real gRPC: what a practice sees of its prompts, and "not for me"."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode, aio

from chassis.database import Database
from chassis.grpc_client import refusal_of
from chassis.refusal import Refusal
from praxispost.notifier.v1 import prompts_pb2 as wire
from praxispost.notifier.v1 import prompts_pb2_grpc
from services.notifier.prompts.reporting import NotForMe, RateLimit
from tests.integration.notifier.conftest import Urls
from tests.integration.notifier.identity_stand_in import Identity, identity
from tests.integration.notifier.mail_server import mail_server
from tests.integration.notifier.sending import (
    CONTACT,
    PRACTICE,
    People,
    deliver,
    message_sent,
    published,
    until_prompts,
    working,
)
from tests.integration.notifier.serving import serving


@dataclass
class Service:
    """The running api, and a prompt that went."""

    identity: Identity
    client: "prompts_pb2_grpc.PromptServiceAsyncStub"
    prompt: Any
    message_id: str

    async def prompts(
        self, practice_id: UUID = PRACTICE, patient_id: UUID | None = None, *, role: str = "assistant"
    ) -> wire.ListPromptsResponse:
        request = wire.ListPromptsRequest(patient_id=str(patient_id or self.prompt.patient_id))
        token = self.identity.token(role, tenant_id=practice_id)
        return await self.client.ListPrompts(request, metadata=_with(token), timeout=20, wait_for_ready=True)

    async def not_for_me(self, reference: str) -> None:
        request = wire.ReportNotForMeRequest(reference=reference)
        token = self.identity.token("portal")
        await self.client.ReportNotForMe(request, metadata=_with(token), timeout=20, wait_for_ready=True)


def _with(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


@contextlib.asynccontextmanager
async def _service(database: Database, urls: Urls, at_rcpt: str = "250 OK") -> AsyncIterator[Service]:
    event = message_sent()
    async with mail_server() as server, working(database, urls.app, People(CONTACT), server.port):
        if not at_rcpt.startswith("250"):
            server.at_rcpt.append(at_rcpt)
        await deliver(database, event)
        [row] = await until_prompts(database, lambda rows: bool(rows) and rows[0].state != "waiting")
    async with identity() as stand_in, serving(urls.app, stand_in.target) as channel:
        yield Service(stand_in, prompts_pb2_grpc.PromptServiceStub(channel), row, event.aggregate_id)


async def test_staff_see_what_became_of_a_prompt_and_no_address(
    database: Database, notifier_urls: Urls
) -> None:
    async with _service(database, notifier_urls) as service:
        answer = await service.prompts()
    [prompt] = answer.prompts
    assert (prompt.id, list(prompt.message_ids)) == (str(service.prompt.id), [service.message_id])
    assert (prompt.kind, prompt.state) == (wire.PROMPT_KIND_FIRST, wire.PROMPT_STATE_ACCEPTED)
    assert prompt.contact_version == 7
    assert [(each.accepted, each.smtp_code) for each in prompt.attempts] == [(True, 250)]
    assert answer.suspicion == wire.ADDRESS_SUSPICION_UNSPECIFIED
    assert "mail.example" not in str(answer)


async def test_a_prompt_that_was_refused_says_why_and_names_the_suspicion(
    database: Database, notifier_urls: Urls
) -> None:
    async with _service(database, notifier_urls, "550 5.1.1 unknown") as service:
        answer = await service.prompts()
    assert answer.prompts[0].state == wire.PROMPT_STATE_FAILED
    assert (answer.suspicion, answer.suspect_contact_version) == (wire.ADDRESS_SUSPICION_BOUNCED, 7)


async def test_a_foreign_patient_looks_like_one_that_does_not_exist(
    database: Database, notifier_urls: Urls
) -> None:
    async with _service(database, notifier_urls) as service:
        foreign = await service.prompts(uuid4())
        absent = await service.prompts(PRACTICE, uuid4())
    assert foreign == absent == wire.ListPromptsResponse()


async def test_a_malformed_patient_id_is_refused(database: Database, notifier_urls: Urls) -> None:
    async with _service(database, notifier_urls) as service:
        request = wire.ListPromptsRequest(patient_id="nobody")
        token = service.identity.token("admin", tenant_id=PRACTICE)
        with pytest.raises(aio.AioRpcError) as refused:
            await service.client.ListPrompts(request, metadata=_with(token), timeout=20, wait_for_ready=True)
    refusal = refusal_of(refused.value)
    assert refused.value.code() is StatusCode.INVALID_ARGUMENT
    assert refusal is not None
    assert [each.field for each in refusal.fields] == ["patient_id"]


async def test_not_for_me_suspects_the_address_once_and_tells_the_same_to_everybody(
    database: Database, notifier_urls: Urls
) -> None:
    async with _service(database, notifier_urls) as service:
        for reference in (service.prompt.reference, service.prompt.reference, "unknown"):
            await service.not_for_me(reference)
        answer = await service.prompts()
    assert answer.suspicion == wire.ADDRESS_SUSPICION_NOT_FOR_ME
    [report] = answer.prompts[0].reports
    assert report.kind == wire.PROMPT_REPORT_KIND_NOT_FOR_ME
    told = [each for each in await published(database) if each.type == "notifier.not_for_me_reported"]
    assert [each.aggregate_id for each in told] == [str(service.prompt.patient_id)]


async def test_too_many_reports_at_the_same_time_are_refused_and_later_ones_are_not(
    database: Database,
) -> None:
    now = datetime.now(UTC)
    moments = iter([now, now, now, now + timedelta(minutes=1)])
    reporting = NotForMe(database, RateLimit(most=2), clock=lambda: next(moments))
    await reporting.report("unknown")
    await reporting.report("unknown")
    with pytest.raises(Refusal) as refused:
        await reporting.report("unknown")
    assert refused.value.reason == "TOO_MANY_REPORTS"
    await reporting.report("unknown")
