"""A server that only echoes: it answers each method with a message as large as the real answer.

`python -m tests.bench.echo bare PORT` is grpc.aio alone; with `chassis` in place of `bare`, the services' own
chassis stands before the same handlers, and wants the tokens that identity signs.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from chassis.grpc_client import channel
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.kinds import settings_of
from chassis.process import run
from chassis.public_keys import PublicKeys
from chassis.telemetry import Telemetry
from chassis.tokens import TokenVerifier
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.access import ACCESS

BODY_CHARACTERS: Final = 500
_AUDIENCE: Final = "messaging"
_SERVICE: Final = "praxispost.messaging.v1.MessagingService"


@dataclass(frozen=True)
class EchoSettings:
    """What the chassis' echo reads from the environment."""

    identity_target: str
    log_level: str = "info"


@dataclass(frozen=True, slots=True)
class Echo:
    """A method's request type, and the answer to every request."""

    request_type: type[Message]
    answer: Message


def _sent() -> wire.SendMessageResponse:
    return wire.SendMessageResponse(message_id=str(uuid4()), conversation_id=str(uuid4()), sent_at=_now())


def _opened() -> wire.OpenMessageResponse:
    """A message that a practice sent and its patient opens for the first time."""
    summary = wire.MessageSummary(
        id=str(uuid4()),
        practice_id=str(uuid4()),
        patient_id=str(uuid4()),
        conversation_id=str(uuid4()),
        direction=wire.DIRECTION_TO_PATIENT,
        purpose=wire.PURPOSE_FINDINGS,
        subject="Ihre Befunde",
        sent_at=_now(),
        reply_allowed=True,
        reply_until=_now(),
        author_kind=wire.AUTHOR_KIND_STAFF_MEMBER,
        receipt=wire.Receipt(
            state=wire.RECEIPT_STATE_READ,
            queued_at=_now(),
            sent_at=_now(),
            received_at=_now(),
            received_evidence=wire.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX,
            read_at=_now(),
            read_by=wire.READER_PATIENT,
        ),
    )
    return wire.OpenMessageResponse(message=wire.Message(summary=summary, body="x" * BODY_CHARACTERS))


def _now() -> Timestamp:
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC))
    return moment


_ECHOES: Final[Mapping[str, Echo]] = {
    "SendMessage": Echo(wire.SendMessageRequest, _sent()),
    "OpenMessage": Echo(wire.OpenMessageRequest, _opened()),
}


def _add(echoes: Mapping[str, Echo], server: aio.Server) -> None:
    handlers = {method: _handler(echo) for method, echo in echoes.items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))


def _handler(echo: Echo) -> "grpc.RpcMethodHandler[Any, Any]":
    async def answer(request: Message, context: object) -> Message:
        return echo.answer

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=echo.request_type.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


async def _bare(port: int, stop: asyncio.Event) -> None:
    server = aio.server()
    _add(_ECHOES, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await stop.wait()
    await server.stop(None)


async def _chassis(settings: EchoSettings, port: int, stop: asyncio.Event) -> None:
    telemetry = Telemetry("echo", "api", 0)
    to_identity = channel(settings.identity_target, tokens=None, audience="identity")
    server = GrpcServer(
        GrpcSettings(port=port),
        access={method: ACCESS[method] for method in (f"/{_SERVICE}/{name}" for name in _ECHOES)},
        verifier=TokenVerifier(_AUDIENCE, PublicKeys.of(to_identity), lambda: datetime.now(UTC)),
        telemetry=telemetry,
        error_domain="echo.praxispost",
    )
    server.add(_add, _ECHOES)
    async with to_identity:
        await server.serve(stop)


def main(kind: str, port: int) -> None:
    """Serve until told to stop."""
    if kind == "bare":
        run(lambda stop: _bare(port, stop))
    else:
        settings = settings_of(EchoSettings, "echo", "api")
        run(lambda stop: _chassis(settings, port, stop))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
