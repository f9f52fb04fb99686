"""What the letters need to know of the installation."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.settings import SettingsError
from services.notifier.loopback import is_loopback
from services.notifier.mail.address import is_plain_address


@dataclass(frozen=True)
class LetterSettings:
    """What stands in letters: the address they come from, and where their links lead."""

    mail_from: str
    portal_url: str


def check_letters(settings: LetterSettings) -> None:
    """Refuse addresses and links that no letter could carry."""
    problems: list[str] = []
    if not is_plain_address(settings.mail_from) or not settings.mail_from.isascii():
        problems.append("PRAXISPOST_MAIL_FROM must be one plain e-mail address")
    parts = urlsplit(settings.portal_url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not safe or not parts.hostname or parts.query or parts.fragment:
        problems.append("PRAXISPOST_PORTAL_URL must begin with https:// (http:// on this machine only)")
    if problems:
        raise SettingsError(tuple(problems))
