"""What a practice is and what its admin decides."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PracticeSettings:
    """What an admin of the practice decides; `language` is "de" or "en", `region` ISO 3166-1 alpha-2."""

    name: str
    prompt_name: str
    phone: str
    language: str
    region: str
    absence_notice: str = ""
    imprint_url: str = ""
    privacy_url: str = ""


@dataclass(frozen=True, slots=True)
class Practice:
    """A tenant."""

    id: UUID
    settings: PracticeSettings
    created_at: datetime
