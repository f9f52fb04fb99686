"""How many messages per second a practice's program sends over one stream, beside PostgreSQL alone.

What follows from a message (publishing, prompting) does not run meanwhile.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from grpc import aio

from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import messaging_pb2_grpc
from tests.bench import backlog, crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least
from tests.bench.pgbench import sends_per_second
from tests.bench.send import letters, practice_of

_CLIENTS: Final = 32
_IN_REQUEST: Final = 16
_WANTED: Final = at_least(0.5)


def measure(bench: Bench) -> Iterator[Figure]:
    """The rate of outcomes, all of them sent, in rounds in turn with pgbench's."""
    patients, rounds, seconds, by_each_client = (40, 1, 1.0, 5) if bench.short else (2_000, 7, 3.0, 300)
    sender, patient_ids = practice_of(bench, patients)
    sent, baseline = [], []
    with backlog.held_back(bench.system):
        crowd.write_to_all(sender, patient_ids)
        bench.settle()
        next_letter = letters(patient_ids)
        target = str(bench.system.address_book.targets.messaging)
        for _ in range(rounds):
            token = sender.token("messaging") or ""
            sent.append(asyncio.run(_over_stream(target, token, next_letter, seconds)))
            baseline.append(sends_per_second(bench.system.stores.postgres, _CLIENTS, by_each_client))
    name = f"SendMessages, one stream, beside pgbench with {_CLIENTS} clients"
    yield Figure(name, statistics.median(sent), "/s", statistics.median(baseline), _WANTED)


async def _over_stream(
    target: str, token: str, next_letter: Callable[[], wire.SendMessageRequest], seconds: float
) -> float:
    """Messages per second, until the last of them has its outcome."""
    begun = time.perf_counter()

    async def requests() -> AsyncIterator[wire.SendMessagesRequest]:
        while time.perf_counter() - begun < seconds:
            yield wire.SendMessagesRequest(messages=[next_letter() for _ in range(_IN_REQUEST)])

    count = 0
    async with aio.insecure_channel(target) as channel:
        send = messaging_pb2_grpc.MessagingServiceStub(channel).SendMessages
        async for response in send(requests(), metadata=(("authorization", f"Bearer {token}"),)):
            assert all(each.HasField("sent") for each in response.outcomes)
            count += len(response.outcomes)
    return count / (time.perf_counter() - begun)
