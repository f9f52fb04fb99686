"""Patients with accounts of their own, and letters for them to open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from praxispost.messaging.v1.messaging_pb2 import OpenMessageRequest
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.echo import BODY_CHARACTERS
from tests.story.callers import Caller
from tests.story.cast import individual_text, message_to

_MANY: Final = 32


@dataclass(frozen=True, slots=True)
class Reader:
    """A patient, and who makes calls for their account."""

    patient_id: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, and who may open it."""

    reader: Reader
    practice_id: str
    message_id: str

    @property
    def request(self) -> OpenMessageRequest:
        """To open it."""
        return OpenMessageRequest(practice_id=self.practice_id, message_id=self.message_id)


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """A practice that writes, and those who read; all of them have registered."""

    practice_id: str
    staff: Caller
    readers: Sequence[Reader]

    @classmethod
    def of(cls, bench: Bench) -> "ReadingRoom":
        """A new one with 32 readers, or 2 in the short form."""
        house = bench.house
        practice, admin = house.practice("Praxis am Lesesaal")
        readers = []
        for number in range(2 if bench.short else _MANY):
            patient = house.patient(practice, f"Leser {number}")
            readers.append(Reader(patient.id, house.account(house.registered(patient))))
        bench.tell(f"{len(readers)} patients have accounts")
        return cls(practice.id, admin.caller, readers)

    def letters(self, count: int) -> list[Letter]:
        """So many new messages, to each reader in turn."""
        readers = [self.readers[number % len(self.readers)] for number in range(count)]
        ids = crowd.at_once(self._write, (each.patient_id for each in readers))
        return [Letter(each, self.practice_id, sent) for each, sent in zip(readers, ids, strict=True)]

    def _write(self, patient_id: str) -> str:
        body = individual_text().ljust(BODY_CHARACTERS, "x")
        return self.staff.messages.SendMessage(message_to(patient_id, body=body)).message_id
