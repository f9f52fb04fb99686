"""Settings: read once, every problem told together, no secret shown."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from chassis.settings import Secret, SettingsError, load


@dataclass(frozen=True)
class Listen:
    port: int
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Sample:
    database_url: str
    grpc: Listen
    wait: timedelta
    security: Literal["starttls", "tls", "none"]
    folder: Path
    names: tuple[str, ...]
    ratio: float = 0.5
    secure: bool = True
    limit: int | None = None


COMPLETE = {
    "PRAXISPOST_DATABASE_URL": "postgresql://somebody:pass@host/name",
    "PRAXISPOST_GRPC_PORT": "4000",
    "PRAXISPOST_WAIT": "1.5",
    "PRAXISPOST_SECURITY": "tls",
    "PRAXISPOST_FOLDER": "keys",
    "PRAXISPOST_NAMES": "a, b,",
}


def test_every_type_is_read() -> None:
    assert load(Sample, COMPLETE | {"PRAXISPOST_SECURE": "no", "PRAXISPOST_LIMIT": "3"}) == Sample(
        database_url="postgresql://somebody:pass@host/name",
        grpc=Listen(4000),
        wait=timedelta(seconds=1.5),
        security="tls",
        folder=Path("keys"),
        names=("a", "b"),
        secure=False,
        limit=3,
    )


def test_all_problems_are_told_at_once_and_without_values() -> None:
    broken = {
        "PRAXISPOST_GRPC_PORT": "fourthousand",
        "PRAXISPOST_WAIT": "long",
        "PRAXISPOST_SECURITY": "some",
        "PRAXISPOST_NAMES": "a",
        "PRAXISPOST_FOLDER": "",
        "PRAXISPOST_SECURE": "maybe",
    }
    with pytest.raises(SettingsError) as raised:
        load(Sample, broken)
    assert raised.value.problems == (
        "PRAXISPOST_DATABASE_URL is missing",
        "PRAXISPOST_GRPC_PORT must be a whole number",
        "PRAXISPOST_WAIT must be a number of seconds",
        "PRAXISPOST_SECURITY must be one of starttls, tls, none",
        "PRAXISPOST_FOLDER is missing",
        "PRAXISPOST_SECURE must be true or false",
    )
    assert not any(value and value in str(raised.value) for value in ("fourthousand", "maybe"))


def test_a_secret_does_not_show_itself() -> None:
    settings = load(Sample, COMPLETE)
    assert "pass" not in repr(settings)
    assert settings.database_url == COMPLETE["PRAXISPOST_DATABASE_URL"]
    assert repr(Secret("value")) == "'***'"


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://from/file\n", encoding="utf-8")
    environ = COMPLETE | {"PRAXISPOST_DATABASE_URL": "", "PRAXISPOST_DATABASE_URL_FILE": str(file)}
    assert load(Sample, environ).database_url == "postgresql://from/file"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        (
            {"PRAXISPOST_DATABASE_URL_FILE": "x"},
            "PRAXISPOST_DATABASE_URL and PRAXISPOST_DATABASE_URL_FILE exclude",
        ),
        (
            {"PRAXISPOST_DATABASE_URL": "", "PRAXISPOST_DATABASE_URL_FILE": "no/such/file"},
            "PRAXISPOST_DATABASE_URL_FILE names a file that cannot be read",
        ),
    ],
)
def test_a_secrets_file_that_does_not_serve_is_told(environ: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load(Sample, COMPLETE | environ)


def test_another_prefix_can_be_read() -> None:
    assert load(Listen, {"OTHER_PORT": "1"}, prefix="OTHER_") == Listen(1)
