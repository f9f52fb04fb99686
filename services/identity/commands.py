"""The platform operator's commands: service accounts of the platform, and practices."""

import argparse
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry

from chassis.keys import FileWrappingKeys
from chassis.refusal import Refusal
from praxispost.identity.v1 import practices_pb2
from services.identity.callers import COMMAND_LINE
from services.identity.foundation import foundation
from services.identity.organisation import Organisation, organisation
from services.identity.practices.translation import new_settings
from services.identity.service_accounts.domain import PLATFORM_ROLES, SHORTEST_SECRET
from services.identity.settings import CommandSettings
from services.identity.staff.translation import person

_LANGUAGES: Final = {"de": practices_pb2.LANGUAGE_GERMAN, "en": practices_pb2.LANGUAGE_ENGLISH}


class CommandFailed(Exception):
    """What was asked for cannot be done; the text says why."""


async def service_account(settings: CommandSettings, arguments: Sequence[str]) -> None:
    """Make or renew one service account of the platform."""
    parser = argparse.ArgumentParser(prog="service-account", description=service_account.__doc__)
    parser.add_argument("--role", required=True, choices=sorted(PLATFORM_ROLES))
    parser.add_argument("--id", required=True, type=UUID, help="the account's id, a UUID")
    parser.add_argument(
        "--secret-file",
        required=True,
        type=Path,
        help=f"holds the secret, {SHORTEST_SECRET} characters or more",
    )
    given = parser.parse_args(arguments)
    secret = _secret(given.secret_file)
    async with _organisation(settings) as own:
        await own.service_accounts.put_platform_account(COMMAND_LINE, given.id, given.role, secret)


async def create_practice(settings: CommandSettings, arguments: Sequence[str]) -> None:
    """Make a practice, invite its first admin by e-mail, and print both ids as JSON."""
    parser = argparse.ArgumentParser(prog="create-practice", description=create_practice.__doc__)
    parser.add_argument("--name", required=True, help="as patients see it after login")
    parser.add_argument("--prompt-name", default="", help="shown on prompts; the name if not given")
    parser.add_argument("--phone", default="", help="shown to patients")
    parser.add_argument("--language", choices=sorted(_LANGUAGES), default="de")
    parser.add_argument("--region", default="", help="of numbers without country code; DE if not given")
    parser.add_argument("--admin-email", required=True)
    parser.add_argument("--admin-given-name", required=True)
    parser.add_argument("--admin-family-name", required=True)
    parser.add_argument(
        "--request-id", type=UUID, default=None, help="the same again makes no second practice"
    )
    given = parser.parse_args(arguments)
    request = _practice_request(given)
    async with _organisation(settings) as own:
        response = await own.practices.create(
            COMMAND_LINE,
            UUID(request.request_id),
            request,
            new_settings(request.settings),
            person("first_admin.", request.first_admin),
        )
    print(json.dumps({"practice_id": response.practice_id, "staff_id": response.staff_id}))


def _practice_request(given: argparse.Namespace) -> practices_pb2.CreatePracticeRequest:
    return practices_pb2.CreatePracticeRequest(
        request_id=str(given.request_id or uuid4()),
        settings=practices_pb2.PracticeSettings(
            name=given.name,
            prompt_name=given.prompt_name,
            phone=given.phone,
            language=_LANGUAGES[given.language],
            region=given.region,
        ),
        first_admin=practices_pb2.FirstAdmin(
            email=given.admin_email,
            given_name=given.admin_given_name,
            family_name=given.admin_family_name,
        ),
    )


def _secret(file: Path) -> str:
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise CommandFailed("--secret-file names a file that cannot be read") from None
    if len(secret) < SHORTEST_SECRET:
        raise CommandFailed(f"the secret must have at least {SHORTEST_SECRET} characters")
    return secret


@asynccontextmanager
async def _organisation(settings: CommandSettings) -> AsyncIterator[Organisation]:
    async with foundation(
        database_url=settings.database_url,
        keys_database_url=settings.keys_database_url,
        wrapping=FileWrappingKeys(settings.wrapping_keys),
        pool_size=1,
        registry=CollectorRegistry(),
        new_id=uuid4,
    ) as base:
        try:
            yield organisation(base, clock=lambda: datetime.now(UTC), new_id=uuid4)
        except Refusal as refusal:
            fields = "".join(f"\n{each.field}: {each.description}" for each in refusal.fields)
            raise CommandFailed(f"{refusal.message}{fields}") from refusal
