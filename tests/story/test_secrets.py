"""Nothing personal lies where it could be stolen: canaries are sent, and looked for in every byte on disk."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.system import System
from praxispost.identity.v1 import patients_pb2
from praxispost.messaging.v1 import messaging_pb2
from tests.story.cast import (
    Contact,
    Document,
    Practice,
    Stage,
    message_to,
    new_id,
    refusal_of,
    register,
    tick,
    upload,
)
from tests.story.collector import Collector

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Canaries:
    """One unmistakable value for each personal field."""

    given_name: str
    family_name: str
    email: str
    mobile: str
    subject: str
    body: str
    answer: str
    file_name: str
    content: str

    @classmethod
    def hatched(cls) -> "Canaries":
        """New ones."""
        words = {name: f"Kanarie{secrets.token_hex(6)}" for name in cls.__slots__}
        words["email"] = f"{words['email']}@post.example.com".lower()
        words["mobile"] = f"+491512{secrets.randbelow(10**7):07d}"
        return cls(**words)

    def spellings(self) -> Iterator[tuple[str, bytes]]:
        """Each canary as bytes, as it would stand in a file."""
        for name in self.__slots__:
            word: str = getattr(self, name)
            yield name, word.encode()
            if name == "mobile":
                yield "mobile without its country", word[3:].encode()


def driven_through(stage: Stage, canaries: Canaries) -> None:
    """Every path of the main job, and some that end in refusals."""
    practice = Practice.opened(stage, "Praxis im Vogelhaus")
    born = "1961-07-08"
    contact = Contact(canaries.given_name, canaries.family_name, born, canaries.email, canaries.mobile)
    patient_id = practice.record(practice.admin, contact)
    practice.admin.patients.SearchPatients(patients_pb2.SearchPatientsRequest(query=canaries.family_name))
    document = Document(canaries.file_name, "text/plain", canaries.content.encode() * 5_000)
    attachment_id = upload(practice.admin, practice.id, patient_id, document)
    request = message_to(patient_id, canaries.subject, canaries.body, attachment_ids=[attachment_id])
    message_id = practice.admin.messages.SendMessage(request).message_id
    tick(practice.admin, message_id, messaging_pb2.RECEIPT_STATE_SENT)
    patient = register(stage, contact)
    patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest())
    opening = messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message_id)
    assert patient.messages.OpenMessage(opening).message.body == canaries.body
    answer = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=practice.id, in_reply_to=message_id, body=canaries.answer
    )
    patient.messages.SendReply(answer)
    refusal_of(practice.admin.messages.SendMessage, message_to(canaries.body, canaries.subject * 50))
    changed = patients_pb2.UpdatePatientRequest(
        patient_id=patient_id, data=patients_pb2.PatientData(email=f"{canaries.email} {canaries.mobile}")
    )
    refusal_of(practice.admin.patients.UpdatePatient, changed)


def found_in(folder: Path, canaries: Canaries) -> set[tuple[str, str]]:
    """Which canary stands in which file below the folder."""
    wanted = list(canaries.spellings())
    longest = max(len(word) for _, word in wanted)
    found = set()
    for file in folder.rglob("*"):
        if not file.is_file() or file.is_symlink():
            continue
        with file.open("rb") as opened:
            rest = b""
            while block := opened.read(BLOCK):
                found |= {(name, str(file)) for name, word in wanted if word in rest + block}
                rest = block[-longest:]
    return found


def test_no_personal_data_lies_on_disk_in_a_log_or_in_a_trace(
    system: System, stage: Stage, collector: Collector
) -> None:
    canaries = Canaries.hatched()
    driven_through(stage, canaries)
    system.stores.postgres.checkpoint()
    assert found_in(system.data.path, canaries) == set()
    traced = collector.raw()
    assert b"/SendMessage" in traced
    assert [name for name, word in canaries.spellings() if word in traced] == []


def test_the_search_for_canaries_finds_them(tmp_path: Path) -> None:
    canaries = Canaries.hatched()
    (tmp_path / "dump").write_bytes(b"x" * (BLOCK - 5) + canaries.body.encode() + b"x")
    assert found_in(tmp_path, canaries) == {("body", str(tmp_path / "dump"))}
