"""What a notice is, and which of them may go which way."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.notifier.language import Language


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address."""

    address: str


@dataclass(frozen=True, slots=True)
class Mobile:
    """A mobile number in E.164."""

    number: str


@dataclass(frozen=True, slots=True)
class RegistrationCode:
    """A code that proves an address or a number at registration; by e-mail or SMS."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LoginCode:
    """A code that proves a number at login; by SMS only: an e-mail would prove nothing about the number."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ResetCode:
    """A code that proves an address or a number to whoever forgot the password; by e-mail or SMS."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ContactCode:
    """A code that proves the new address or number of an account; by e-mail or SMS."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """Tells the old address or number that the account has another one, by e-mail or SMS; names neither."""


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """Tells an account's address that its person has changed the password; by e-mail."""


@dataclass(frozen=True, slots=True)
class AccessGranted:
    """Tells a person, by e-mail, that a registration of days ago has led to access; says to what not."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Asks a staff member to choose a password; by e-mail only, which is what they log in with."""

    code: str
    expires_at: datetime
    practice: str


LetterContent: TypeAlias = (
    RegistrationCode | ResetCode | ContactCode | ContactChanged | PasswordChanged | AccessGranted | Invitation
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice by e-mail."""

    id: UUID
    to: Email
    content: LetterContent
    language: Language


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """A notice by SMS."""

    id: UUID
    to: Mobile
    content: RegistrationCode | ResetCode | ContactCode | ContactChanged | LoginCode
    language: Language


Notice = Letter | ShortMessage
