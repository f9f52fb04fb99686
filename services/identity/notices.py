"""Notices wait encrypted in the request's transaction until the worker hands them to the notifier.

Where nobody is written to, a dummy of the same shape waits instead, so that neither time nor rows tell.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from chassis.keys import Sealer
from services.identity.tables.people import notice as notice_table

NOTICE_KEY: Final = "notice"
NOTICE_CHANNEL: Final = "identity_notice"

RecipientKind = Literal["email", "mobile", "account", "account_email", "nobody"]
NoticeKind = Literal[
    "registration_code",
    "login_code",
    "invitation",
    "reset_code",
    "contact_code",
    "contact_changed",
    "password_changed",
    "access_granted",
]

# An address of 254, a practice's name of 120 and their JSON, all escaped, stay below it.
_LENGTH: Final = 2048


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a notice goes; the worker looks up an account's contact data and language, not the request."""

    kind: RecipientKind
    value: str

    @staticmethod
    def email(address: str) -> "Recipient":
        return Recipient("email", address)

    @staticmethod
    def mobile(number: str) -> "Recipient":
        return Recipient("mobile", number)

    @staticmethod
    def account(account_id: UUID) -> "Recipient":
        return Recipient("account", str(account_id))

    @staticmethod
    def account_email(account_id: UUID) -> "Recipient":
        return Recipient("account_email", str(account_id))

    @staticmethod
    def nobody() -> "Recipient":
        return Recipient("nobody", "")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is written to whom; `language` is "de" or "en", `practice_name` belongs to an invitation.

    A notice without a code (`contact_changed` and the like) has an end too: until then it is tried.
    """

    to: Recipient
    kind: NoticeKind
    code: str
    expires_at: datetime
    language: str
    practice_name: str = ""


class NoticeQueue:
    """Puts notices in line; the sealer's key is the service's own (`NOTICE_KEY`)."""

    def __init__(self, sealer: Sealer, new_id: Callable[[], UUID]) -> None:
        self._sealer = sealer
        self._new_id = new_id

    async def enqueue(self, tx: AsyncConnection, notice: Notice, now: datetime) -> None:
        """Send the notice once the transaction has committed; until its code ends it is tried again."""
        notice_id = self._new_id()
        row = {
            "id": notice_id,
            "sealed": self._sealer.seal(encoded(notice), "notice", notice_id),
            "expires_at": notice.expires_at,
            "attempts": 0,
            "next_try": now,
        }
        await tx.execute(insert(notice_table).values(row))
        wake_after_commit(tx, NOTICE_CHANNEL)

    def opened(self, notice_id: UUID, sealed: bytes) -> Notice:
        """The notice of a row; refuses one that was moved there."""
        return decoded(self._sealer.open(sealed, "notice", notice_id))


def encoded(notice: Notice) -> bytes:
    """The notice in as many bytes as any other."""
    fields = {
        "to": notice.to.kind,
        "value": notice.to.value,
        "kind": notice.kind,
        "code": notice.code,
        "expires_at": notice.expires_at.isoformat(),
        "language": notice.language,
        "practice_name": notice.practice_name,
    }
    content = json.dumps(fields, ensure_ascii=False).encode()
    if len(content) > _LENGTH:
        raise ValueError("the notice is longer than any address and name can make it")
    return content.ljust(_LENGTH)


def decoded(content: bytes) -> Notice:
    """The notice that `encoded` made these bytes of."""
    fields = json.loads(content)
    return Notice(
        to=Recipient(fields["to"], fields["value"]),
        kind=fields["kind"],
        code=fields["code"],
        expires_at=datetime.fromisoformat(fields["expires_at"]),
        language=fields["language"],
        practice_name=fields["practice_name"],
    )
