"""How long pages of lists take in databases of ever more messages, beside the same pages of the smallest."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import httpx
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from deploy.local.processes import Process, run_to_end
from deploy.local.services import SERVICES
from deploy.local.system import System, from_checkout
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most
from tests.bench.histories import KeyPlace, Owner, Sealed, Size, fill, seal
from tests.bench.latencies import percentile
from tests.story.callers import Caller, person
from tests.story.cast import Contact

_SIZES: Final = (10_000, 1_000_000, 10_000_000)
_SHORT_SIZES: Final = (1_000, 10_000)
# The smallest database has just so many pages of each list.
_PAGES, _SHORT_PAGES = 100, 10
# Of a larger one's messages each hundredth is the measured practice's.
_OWN_OF: Final = 100
_CALLS, _SHORT_CALLS, _WARMING_CALLS = 300, 5, 5
_FLAT: Final = at_most(1.3, "ratio")
_QUICK: Final = at_most(15.0)

# A page of a list behind a token; an answer has `next_page_token`.
Page: TypeAlias = Callable[[str], Any]
# One call for one page; answers how many seconds it took.
Ask: TypeAlias = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the lists: a staff member and the patient, who has registered."""

    owner: Owner
    staff_email: str
    patient: Contact


def measure(bench: Bench) -> Iterator[Figure]:
    """The median and the p95 of each page in milliseconds, one call after the other."""
    if bench.short:
        yield from measure_sizes(bench, _SHORT_SIZES, _SHORT_PAGES, _SHORT_CALLS)
    else:
        yield from measure_sizes(bench, _SIZES, _PAGES, _CALLS)


def measure_sizes(bench: Bench, sizes: Sequence[int], pages: int, calls: int) -> Iterator[Figure]:
    """The same for the first and the last of so many pages in databases of so many messages, each measured in
    turn with the first and smallest."""
    least = sizes[0]
    reader = _reader(bench)
    sealed = seal(reader.owner, _key_place(bench.system), least)
    with _serving(bench, reader.owner, sealed, Size(least, least)) as small:
        for messages in sizes[1:]:
            size = Size(messages, max(least, messages // _OWN_OF))
            with _serving(bench, reader.owner, sealed, size) as large:
                sessions = _sessions(bench, reader)  # filling takes longer than a session may be idle
                of_small, of_large = (
                    _pages(bench, sessions, reader.owner.patient_id, target, (pages, least // 2 // pages))
                    for target in (small, large)
                )
                taken = list(_measured(of_small, of_large, calls))
            for name, least_ms, ms in taken:
                of = f"lists: {name}, {messages:,} messages"
                yield Figure(f"{of}, median", percentile(ms, 50), "ms", percentile(least_ms, 50), _FLAT)
                yield Figure(f"{of}, p95", percentile(ms, 95), "ms", percentile(least_ms, 95), _QUICK)


def _reader(bench: Bench) -> Reader:
    practice, admin = bench.house.practice("Praxis mit langer Geschichte")
    patient = bench.house.patient(practice)
    bench.house.registered(patient)
    return Reader(Owner(UUID(practice.id), UUID(patient.id)), admin.email, patient.contact)


def _sessions(bench: Bench, reader: Reader) -> tuple[str, str]:
    return bench.house.staff_session(reader.staff_email), bench.house.log_in(reader.patient)


def _key_place(system: System) -> KeyPlace:
    environment = system.processes["messaging-api"].command.environment
    return KeyPlace(
        environment["PRAXISPOST_KEYS_DATABASE_URL"], Path(environment["PRAXISPOST_WRAPPING_KEYS"])
    )


@contextmanager
def _serving(bench: Bench, owner: Owner, sealed: Sequence[Sealed], size: Size) -> Iterator[str]:
    """A database of this size, and host:port of an api on it; both vanish at the end."""
    begun = time.monotonic()
    with ExitStack() as stack:
        environment = stack.enter_context(_database(bench.system, owner, sealed, size))
        target = stack.enter_context(_api(bench.system, environment, size))
        bench.tell(f"{size.messages:,} messages are there after {time.monotonic() - begun:.0f} s")
        yield target


@contextmanager
def _database(
    system: System, owner: Owner, sealed: Sequence[Sealed], size: Size
) -> Iterator[Mapping[str, str]]:
    """Settings of messaging with a database of its own, which is filled."""
    postgres, service = system.stores.postgres, next(each for each in SERVICES if each.name == "messaging")
    database = postgres.temporary_database()
    settings = {
        **system.processes["messaging-api"].command.environment,
        "PRAXISPOST_DATABASE_URL": database.app,
        "PRAXISPOST_MIGRATE_DATABASE_URL": database.owner,
        "PRAXISPOST_MIGRATE_KEYS_DATABASE_URL": postgres.database("messaging_keys").owner,
    }
    run_to_end(from_checkout(service, "migrate", settings), system.data)
    name = make_url(database.app).database or ""
    url = make_url(postgres.superuser_url).set(database=name).render_as_string(hide_password=False)
    fill(url, owner, sealed, size)
    postgres.checkpoint()
    yield settings
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _api(system: System, settings: Mapping[str, str], size: Size) -> Iterator[str]:
    name = f"messaging-api-{size.messages}"
    port, metrics_port = system.data.port(f"{name}-grpc"), system.data.port(f"{name}-metrics")
    command = dataclasses.replace(
        system.processes["messaging-api"].command,
        name=name,
        environment={
            **settings,
            "PRAXISPOST_GRPC_PORT": str(port),
            "PRAXISPOST_METRICS_PORT": str(metrics_port),
        },
    )
    process = Process(command, system.data)
    process.start()
    try:
        process.wait_ready(lambda: _is_ready(metrics_port), 60)
        yield f"127.0.0.1:{port}"
    finally:
        process.stop()


def _is_ready(metrics_port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{metrics_port}/readyz", timeout=2, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK


def _pages(
    bench: Bench, sessions: tuple[str, str], patient: UUID, target: str, of: tuple[int, int]
) -> dict[str, Ask]:
    """The calls that are measured, by what they ask for; `of` is how many pages there are, and their size."""
    count, size = of
    stage = bench.house.stage
    targets = dataclasses.replace(stage.targets, messaging=target)
    staff, account = (person(targets, stage.portal, session) for session in sessions)

    def inbox(token: str) -> wire.ListConversationsResponse:
        return staff.messages.ListConversations(
            wire.ListConversationsRequest(page_size=size, page_token=token)
        )

    def history(token: str) -> wire.ListMessagesResponse:
        return staff.messages.ListMessages(
            wire.ListMessagesRequest(patient_id=str(patient), page_size=size, page_token=token)
        )

    def mailbox(token: str) -> wire.ListMailboxResponse:
        return account.messages.ListMailbox(wire.ListMailboxRequest(page_size=size, page_token=token))

    def unread_first(token: str) -> wire.ListMailboxResponse:
        return account.messages.ListMailbox(
            wire.ListMailboxRequest(page_size=size, page_token=token, unread_first=True)
        )

    lists: list[tuple[str, Caller, Page]] = [
        ("inbox", staff, inbox),
        ("history", staff, history),
        ("mailbox", account, mailbox),
        ("mailbox with the unread first", account, unread_first),
    ]
    asked: dict[str, Ask] = {}
    for name, who, page in lists:
        asked[f"{name}, page 1"] = _asking(who, page, "", size)
        asked[f"{name}, page {count}"] = _asking(who, page, _last_token(page, count), size)
    return asked


def _last_token(page: Page, count: int) -> str:
    token = ""
    for _ in range(count - 1):
        token = page(token).next_page_token
        assert token, "there are fewer pages"
    return token


def _asking(who: Caller, page: Page, token: str, size: int) -> Ask:
    def ask() -> float:
        who.token("messaging")  # fetched anew every minute, which is not to be measured
        begun = time.perf_counter()
        answer = page(token)
        took = time.perf_counter() - begun
        shown = (
            answer.conversations if isinstance(answer, wire.ListConversationsResponse) else answer.messages
        )
        assert len(shown) == size
        return took

    return ask


def _measured(
    small: Mapping[str, Ask], large: Mapping[str, Ask], calls: int
) -> Iterator[tuple[str, list[float], list[float]]]:
    """Milliseconds of each page, in the small database and in the large one: asked in turn, so that whatever
    else the machine does meets all alike."""
    taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in small}
    for turn in range(_WARMING_CALLS + calls):
        for name in small:
            took = (small[name](), large[name]())
            if turn >= _WARMING_CALLS:
                for of_one, seconds in zip(taken[name], took, strict=True):
                    of_one.append(seconds * 1000)
    for name, (of_small, of_large) in taken.items():
        yield name, of_small, of_large
