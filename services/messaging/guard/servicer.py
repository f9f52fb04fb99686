"""Answers GuardService: from the contracts to the use cases and back."""

from typing import TypeAlias

from grpc import aio

from chassis.paging import read_position
from chassis.rpc_context import caller
from chassis.validation import one_line, page_size
from praxispost.messaging.v1 import guard_pb2 as wire
from praxispost.messaging.v1 import guard_pb2_grpc
from services.messaging import presentation
from services.messaging.guard.cases import GuardCases
from services.messaging.guard.domain import LONGEST_LEGAL_BASIS
from services.messaging.guard.legal_basis import LegalBasis
from services.messaging.times import optional_timestamp

Context: TypeAlias = aio.ServicerContext[object, object]


class GuardServicer(guard_pb2_grpc.GuardServiceServicer):
    """The servicer; who may call what stands in `access`."""

    def __init__(self, cases: GuardCases) -> None:
        self._do = cases

    async def ListHeld(self, request: wire.ListHeldRequest, context: Context) -> wire.ListHeldResponse:
        who = caller()
        after, size = read_position(request.page_token), page_size(request.page_size)
        page = await self._do.records.waiting(who, after, size)
        return wire.ListHeldResponse(
            messages=presentation.summaries(page.messages, who),
            next_page_token=page.end.token() if page.end is not None else "",
        )

    async def ConfirmHeld(
        self, request: wire.ConfirmHeldRequest, context: Context
    ) -> wire.ConfirmHeldResponse:
        return await self._do.deciding.confirm(caller(), request)

    async def RejectHeld(self, request: wire.RejectHeldRequest, context: Context) -> wire.RejectHeldResponse:
        return await self._do.deciding.reject(caller(), request)

    async def PromptAgain(
        self, request: wire.PromptAgainRequest, context: Context
    ) -> wire.PromptAgainResponse:
        return await self._do.prompting.ask(caller(), request)

    async def GetLegalBasis(
        self, request: wire.GetLegalBasisRequest, context: Context
    ) -> wire.GetLegalBasisResponse:
        return wire.GetLegalBasisResponse(
            legal_basis=_legal_basis(await self._do.legal_bases.current(caller()))
        )

    async def UpdateLegalBasis(
        self, request: wire.UpdateLegalBasisRequest, context: Context
    ) -> wire.UpdateLegalBasisResponse:
        text = one_line("text", request.text, maximum=LONGEST_LEGAL_BASIS).strip()
        changed = await self._do.legal_bases.change(caller(), text)
        return wire.UpdateLegalBasisResponse(legal_basis=_legal_basis(changed))


def _legal_basis(known: LegalBasis) -> wire.LegalBasis:
    return wire.LegalBasis(text=known.text, set_at=optional_timestamp(known.set_at))
