"""What the demonstration consists of, and where it is remembered once it is there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from deploy.local.service_accounts import ServiceAccount

_FILE = "demonstration.json"

PRACTICE_NAME = "Hausarztpraxis am Park"
PRACTICE_PHONE = "030 23125100"
PROGRAM_LABEL = "Beispielprogramm"

Role = Literal["admin", "physician", "assistant"]


@dataclass(frozen=True, slots=True)
class StaffLogin:
    """A staff member who can log in."""

    role: Role
    given_name: str
    family_name: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """A patient's record; `birth_date` is YYYY-MM-DD, `mobile` in E.164. `id` is empty until it is made."""

    given_name: str
    family_name: str
    birth_date: str
    email: str
    mobile: str
    id: str = ""


# Numbers are from the ranges that Germany's regulator keeps free for films and books.
STAFF = (
    StaffLogin("admin", "Petra", "Lindner", "verwaltung@praxis-am-park.example", "Kastanien blühen im Park"),
    StaffLogin("physician", "Jonas", "Weber", "weber@praxis-am-park.example", "Sprechstunde um halb neun"),
    StaffLogin("assistant", "Aylin", "Demir", "empfang@praxis-am-park.example", "Wartezimmer mit Aquarium"),
)
PATIENTS = (
    DemoPatient("Erika", "Mustermann", "1964-08-12", "erika.mustermann@post.example", "+491713920001"),
    DemoPatient("Mehmet", "Kaya", "1979-02-03", "mehmet.kaya@post.example", "+491713920002"),
    DemoPatient("Lotte", "Großmann", "1941-11-30", "lotte.grossmann@post.example", "+491713920003"),
)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was made. `program` is the practice's service account, for programs that send."""

    practice_id: str
    staff: tuple[StaffLogin, ...]
    patients: tuple[DemoPatient, ...]
    program: ServiceAccount

    def write(self, folder: Path) -> None:
        """Remember it in the data folder."""
        file = folder / _FILE
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")


def read(folder: Path) -> Demonstration | None:
    """What was made on this data folder; None before that."""
    file = folder / _FILE
    if not file.exists():
        return None
    known: dict[str, Any] = json.loads(file.read_text())
    return Demonstration(
        practice_id=known["practice_id"],
        staff=tuple(StaffLogin(**each) for each in known["staff"]),
        patients=tuple(DemoPatient(**each) for each in known["patients"]),
        program=ServiceAccount(**known["program"]),
    )
