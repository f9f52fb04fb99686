"""E-mail addresses and mobile numbers: one form for each, and the blind indexes that find them."""

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from chassis.keys import BlindIndex
from chassis.refusal import FieldViolation, Refusal, invalid, invalid_fields

CONTACT_INDEX_KEY: Final = "contact-index"

_LONGEST_EMAIL: Final = 254
_LONGEST_LOCAL: Final = 64
# What needs no second look before the @ (RFC 5322, dot-atom).
_DOT_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_MOBILE: Final = 40
_RECEIVES_SMS: Final = frozenset(
    {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
)


def email_address(field: str, value: str) -> str:
    """Return the address trimmed, its domain in IDNA lower case; the part before the @ stays as written.

    Refuses what is no address (RFC 5321, without quoting), special-use domains (RFC 6761) and what could
    only be sent to with SMTPUTF8 (RFC 6531).
    """
    trimmed = value.strip()
    if not trimmed:
        raise invalid(field, "is required")
    if len(trimmed) > _LONGEST_EMAIL:
        raise invalid(field, f"must have at most {_LONGEST_EMAIL} characters")
    local, at, domain = trimmed.rpartition("@")
    try:
        if at and len(local) <= _LONGEST_LOCAL and _DOT_ATOM.fullmatch(local):
            address = f"{local}@{_checked_domain(domain)}"
        else:
            parsed = validate_email(trimmed, check_deliverability=False, allow_smtputf8=False, strict=True)
            address = f"{parsed.local_part}@{parsed.ascii_domain.lower()}"
    except EmailNotValidError:
        # Its text repeats what was typed: nobody may log that.
        raise invalid(field, "must be an e-mail address") from None
    if len(address) > _LONGEST_EMAIL:
        raise invalid(field, "must be an e-mail address")
    return address


@functools.lru_cache(maxsize=4096)
def _checked_domain(domain: str) -> str:
    """The domain in IDNA lower case; most people share theirs with thousands of others."""
    checked = validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=False, strict=True)
    return checked.ascii_domain.lower()


def mobile_number(field: str, value: str, region: str) -> str:
    """Return the number in E.164; one without country code belongs to the region (ISO 3166-1 alpha-2).

    Refuses what is no number in use and what cannot receive an SMS.
    """
    trimmed = value.strip()
    if not trimmed:
        raise invalid(field, "is required")
    if len(trimmed) > _LONGEST_MOBILE:
        raise invalid(field, f"must have at most {_LONGEST_MOBILE} characters")
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", trimmed), region)
    except phonenumbers.NumberParseException:
        raise invalid(field, "must be a telephone number") from None
    kind = phonenumbers.number_type(number)
    if kind == phonenumbers.PhoneNumberType.UNKNOWN:
        raise invalid(field, "must be a telephone number")
    if number.extension or kind not in _RECEIVES_SMS:
        raise invalid(field, "must be a mobile number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def typed_pair(email: str, mobile: str, region: str) -> tuple[str, str]:
    """Return both as above; refuses all that is wrong with them at once, so that nobody types twice."""
    wrong: list[FieldViolation] = []
    address = number = ""
    try:
        address = email_address("email", email)
    except Refusal as refusal:
        wrong.extend(refusal.fields)
    try:
        number = mobile_number("mobile", mobile, region)
    except Refusal as refusal:
        wrong.extend(refusal.fields)
    if wrong:
        raise invalid_fields(*wrong)
    return address, number


def region_code(field: str, value: str) -> str:
    """Return the region; refuses what has no telephone numbers of its own."""
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise invalid(field, "must be a region's two capital letters (ISO 3166-1)")
    return value


@dataclass(frozen=True, slots=True)
class ContactIndex:
    """Keyed indexes of addresses and numbers, in the forms above; the same in every practice."""

    index: BlindIndex

    def email(self, email: str) -> bytes:
        """Finds the address in whatever case it was written."""
        return self.index.of("email", email.casefold())

    def mobile(self, mobile: str) -> bytes:
        """Finds the number."""
        return self.index.of("mobile", mobile)

    def pair(self, email: str, mobile: str) -> bytes:
        """Finds both together; neither is part of the other's value, since a space is in neither."""
        return self.index.of("pair", f"{email.casefold()} {mobile}")

    def said(self, email: str | None, mobile: str | None) -> bytes:
        """Tells contact data apart, complete or not; finds nobody."""
        return self.index.of("said", f"{(email or '').casefold()} {mobile or ''}")
