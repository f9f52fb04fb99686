"""What a form says of its attachments, to show them again where the form was not taken."""

from dataclasses import dataclass
from typing import Final

from services.portal.visits import Form

_FIELD: Final = "attachment"


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment as the person who attached it knows it; only the id means anything to the services."""

    id: str
    file_name: str
    size: int


def attached(form: Form) -> list[Attached]:
    """The attachments of a form with parts/attachments_field.html, in their order."""
    found = []
    for attachment_id in dict.fromkeys(form.all(_FIELD)):
        size = form.line(f"{_FIELD}_size:{attachment_id}")
        name = form.line(f"{_FIELD}_name:{attachment_id}")
        found.append(Attached(attachment_id, name, int(size) if size.isdecimal() and len(size) < 16 else 0))
    return found
