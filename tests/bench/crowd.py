"""Fills a practice with as many conversations as a large one has: over the public RPCs, many at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from deploy.local.waiting import until
from praxispost.identity.v1 import imports_pb2, imports_pb2_grpc, patients_pb2
from praxispost.messaging.v1 import messaging_pb2
from tests.story.callers import Caller
from tests.story.cast import Contact, individual_text, message_to, new_id, receipt, unique_email

T = TypeVar("T")
R = TypeVar("R")

_CALLS_AT_ONCE: Final = 16
_ROWS_IN_A_PART: Final = 250
_IMPORT_SECONDS: Final = 600.0
_PROMPTS_SECONDS: Final = 3600.0
_GIVEN_NAMES: Final = ("Anna", "Bernd", "Çiğdem", "Dörte", "Emil", "Fatma", "Günther", "Hülya", "Ines", "Jan")
_FAMILY_NAMES: Final = (
    *("Abel", "Baumgartner", "Celik", "Dietrich", "Engelhardt-Sommerfeld"),
    *("Fuchs", "Groß", "Huber", "İnan", "Jäger"),
)


def contacts(count: int) -> list[Contact]:
    """So many different people; no two share an address or a number."""
    return [
        Contact(
            _GIVEN_NAMES[number % 10],
            f"{_FAMILY_NAMES[number // 10 % 10]} {number}",
            f"{1930 + number % 80}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
            unique_email("bench"),
            f"+491512{number:07d}",
        )
        for number in range(count)
    ]


def record_all(staff: Caller, people: Sequence[Contact]) -> list[str]:
    """Imports them; returns the ids of all records of the practice."""
    stub: imports_pb2_grpc.ImportServiceStub = imports_pb2_grpc.ImportServiceStub(staff.channel("identity"))
    answer = stub.ImportPatients(_parts(people), timeout=_IMPORT_SECONDS)
    assert answer.created == len(people), answer.rejections[:3]
    return list(_ids(staff))


def write_to_all(staff: Caller, patient_ids: Sequence[str]) -> list[str]:
    """One message to each, every one with a text of its own; returns the messages' ids."""

    def write(patient_id: str) -> str:
        return staff.messages.SendMessage(message_to(patient_id, body=individual_text())).message_id

    return at_once(write, patient_ids)


def until_prompted(staff: Caller, message_ids: Sequence[str]) -> None:
    """Waits until (of a sample) nothing is on its way any more, so that nothing else is measured with it."""
    waiting = list(message_ids[::100])

    def none_waits() -> bool:
        while waiting and receipt(staff, waiting[-1]).state != messaging_pb2.RECEIPT_STATE_QUEUED:
            waiting.pop()
        return not waiting

    until(none_waits, "all prompts are out", _PROMPTS_SECONDS)


def fill_mailbox(
    staff: Caller, practice_id: str, patient_id: str, patient: Caller, *, messages: int, answers: int
) -> None:
    """So many messages for one patient, who answers the first of them."""

    def write(_: int) -> str:
        return staff.messages.SendMessage(message_to(patient_id, body=individual_text())).message_id

    for message_id in at_once(write, range(messages))[:answers]:
        answer = messaging_pb2.SendReplyRequest(
            request_id=new_id(), practice_id=practice_id, in_reply_to=message_id, body="Danke."
        )
        patient.messages.SendReply(answer)


def at_once(do: Callable[[T], R], each: Iterable[T]) -> list[R]:
    """Does it for each, many at the same time."""
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        return list(pool.map(do, each))


def _parts(people: Sequence[Contact]) -> Iterator[imports_pb2.ImportPatientsRequest]:
    for start in range(0, len(people), _ROWS_IN_A_PART):
        rows = [
            imports_pb2.ImportRow(external_id=str(number), data=contact.data)
            for number, contact in enumerate(people[start : start + _ROWS_IN_A_PART], start)
        ]
        yield imports_pb2.ImportPatientsRequest(rows=rows)


def _ids(staff: Caller) -> Iterator[str]:
    request = patients_pb2.ListPatientsRequest(page_size=200)
    while True:
        page = staff.patients.ListPatients(request)
        yield from (patient.id for patient in page.patients)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
