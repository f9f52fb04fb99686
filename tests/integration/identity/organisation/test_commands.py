"""The platform operator's commands, as they are typed."""

import json
from pathlib import Path
from secrets import token_urlsafe
from uuid import UUID, uuid4

import pytest

from chassis.settings import Secret
from praxispost.identity.v1 import practices_pb2
from services.identity.__main__ import main
from services.identity.commands import CommandFailed, create_practice, service_account
from services.identity.service_accounts.domain import is_secret
from services.identity.settings import CommandSettings
from tests.integration.identity.conftest import IdentityUrls
from tests.integration.identity.organisation.house import House

PRACTICE = (
    *("--name", "Praxis am See", "--language", "en", "--region", "AT"),
    *("--admin-email", "chefin@example.com", "--admin-given-name", "Anna", "--admin-family-name", "Arndt"),
)


@pytest.fixture
def settings(identity_urls: IdentityUrls, wrapping_keys_folder: Path) -> CommandSettings:
    urls = identity_urls
    return CommandSettings(Secret(urls.data.app), Secret(urls.keys.app), wrapping_keys_folder)


async def test_a_service_account_has_the_given_id_role_and_secret(
    house: House, settings: CommandSettings, tmp_path: Path
) -> None:
    account_id, secret, file = uuid4(), token_urlsafe(32), tmp_path / "secret"
    file.write_text(f"{secret}\n")
    arguments = ("--role", "messaging", "--id", str(account_id), "--secret-file", str(file))
    for _ in range(2):
        await service_account(settings, arguments)
    query = "SELECT role, practice_id, secret_hash FROM service_account WHERE id = %s"
    ((role, practice_id, secret_hash),) = await house.rows(query, account_id)
    assert (role, practice_id) == ("messaging", None)
    assert is_secret(secret, secret_hash)


@pytest.mark.parametrize("content", ["x" * 31, "", None])
async def test_a_short_or_absent_secret_is_not_taken(
    settings: CommandSettings, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content)
    arguments = ("--role", "portal", "--id", str(uuid4()), "--secret-file", str(file))
    with pytest.raises(CommandFailed):
        await service_account(settings, arguments)


async def test_a_practice_is_made_once_for_each_request_id(
    house: House, settings: CommandSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    request_id = str(uuid4())
    for _ in range(2):
        await create_practice(settings, (*PRACTICE, "--request-id", request_id))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == second
    request = practices_pb2.GetPracticeRequest(practice_id=first["practice_id"])
    got = await house.practices.GetPractice(request, metadata=house.caller("operator"))
    assert got.practice.settings == practices_pb2.PracticeSettings(
        name="Praxis am See",
        prompt_name="Praxis am See",
        language=practices_pb2.LANGUAGE_ENGLISH,
        region="AT",
    )
    query = "SELECT id FROM staff_member WHERE practice_id = %s"
    assert await house.rows(query, first["practice_id"]) == [(UUID(first["staff_id"]),)]


async def test_a_practice_that_cannot_be_is_refused_by_field(settings: CommandSettings) -> None:
    with pytest.raises(CommandFailed, match=r"settings\.region"):
        await create_practice(settings, (*PRACTICE, "--region", "Austria"))


@pytest.mark.parametrize("arguments", [[], ["portal"]])
def test_a_kind_that_does_not_exist_is_answered_with_those_that_do(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    offered = str(refused.value).removeprefix("usage: python -m services.identity ").split("|")
    assert {"api", "worker", "intake", "migrate", "service-account", "create-practice"} <= set(offered)


@pytest.mark.parametrize("kind", ["api", "worker", "migrate", "service-account"])
def test_settings_that_are_missing_are_all_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "KEYS_DATABASE_URL"):
        monkeypatch.delenv(f"PRAXISPOST_{name}", raising=False)
    with pytest.raises(SystemExit, match=r"(?s)PRAXISPOST_DATABASE_URL.*PRAXISPOST_KEYS_DATABASE_URL"):
        main([kind])
