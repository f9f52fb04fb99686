"""How many messages per second a practice's program sends, one call each, beside servers that only echo.

What follows from a message (publishing, prompting) does not run meanwhile.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Final

from grpc import aio

from deploy.local.service_accounts import ServiceAccount
from praxispost.identity.v1 import service_accounts_pb2
from praxispost.messaging.v1 import messaging_pb2_grpc
from praxispost.messaging.v1.messaging_pb2 import SendMessageRequest
from tests.bench import backlog, crowd, load
from tests.bench.bench import Bench
from tests.bench.echo import BODY_CHARACTERS
from tests.bench.echoes import Echoes, echoes_beside
from tests.bench.figures import Figure, at_least
from tests.bench.load import Call, Rounds
from tests.story.callers import Caller, program
from tests.story.cast import message_to, new_id

_OF_CHASSIS: Final = at_least(0.75)
_OF_BARE: Final = at_least(0.55)
_SENT: Final = "sent"


def measure(bench: Bench) -> Iterator[Figure]:
    """For 32 and for 128 callers: the rate beside both echoes, and the p99."""
    patients, rounds, seconds = (40, 1, 0.5) if bench.short else (2_000, 7, 3.0)
    sender, patient_ids = practice_of(bench, patients)
    bench.tell(f"a practice of {patients:,} patients is made")
    with backlog.held_back(bench.system), echoes_beside(bench.system) as echoes:
        crowd.write_to_all(sender, patient_ids)
        bench.settle()
        for callers in (32, 128):
            calls = _Calls(bench, sender, patient_ids, echoes)
            found = asyncio.run(calls.measured(callers, rounds, seconds))
            yield from _figures(callers, found)


class _Calls:
    """The same requests to the api and to both echoes."""

    def __init__(self, bench: Bench, sender: Caller, patient_ids: Sequence[str], echoes: Echoes) -> None:
        self._targets = {
            _SENT: str(bench.system.address_book.targets.messaging),
            "chassis": echoes.chassis,
            "bare": echoes.bare,
        }
        self._sender = sender
        self._letter = letters(patient_ids)

    async def measured(self, callers: int, rounds: int, seconds: float) -> Mapping[str, Rounds]:
        channels = {name: aio.insecure_channel(target) for name, target in self._targets.items()}
        calls = {name: self._call(channel) for name, channel in channels.items()}
        found = await load.in_turn(calls, callers=callers, rounds=rounds, seconds=seconds)
        for channel in channels.values():
            await channel.close()
        return found

    def _call(self, channel: aio.Channel) -> Call:
        send = messaging_pb2_grpc.MessagingServiceStub(channel).SendMessage

        async def call() -> object:
            token = self._sender.token("messaging")
            return await send(self._letter(), metadata=(("authorization", f"Bearer {token}"),))

        return call


def letters(patient_ids: Sequence[str]) -> Callable[[], SendMessageRequest]:
    """Makes messages to these patients in turn, each with a text of its own, which is counted."""
    patients = cycle(patient_ids)

    def letter() -> SendMessageRequest:
        text = f"Ihr Wert ist {secrets.token_hex(8)}. "
        return message_to(next(patients), body=text.ljust(BODY_CHARACTERS, "x"))

    return letter


def practice_of(bench: Bench, patients: int) -> tuple[Caller, list[str]]:
    """A practice's service account, and the practice's patients, who can be written to."""
    practice, admin = bench.house.practice("Praxis am Fließband")
    patient_ids = crowd.record_all(admin.caller, crowd.contacts(patients))
    request = service_accounts_pb2.CreateServiceAccountRequest(request_id=new_id(), label="bench")
    made = practice.admin.service_accounts.CreateServiceAccount(request)
    sender = program(bench.house.stage.targets, ServiceAccount(made.account_id, made.secret))
    return sender, patient_ids


def _figures(callers: int, found: Mapping[str, Rounds]) -> Iterator[Figure]:
    sent = found[_SENT]
    for baseline, goal in (("chassis", _OF_CHASSIS), ("bare", _OF_BARE)):
        name = f"SendMessage, {callers} callers, beside the {baseline} echo"
        yield Figure(name, sent.per_second, "/s", found[baseline].per_second, goal)
    yield Figure(f"SendMessage, {callers} callers, p99", sent.p99_ms, "ms", found["chassis"].p99_ms)
