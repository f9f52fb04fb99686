"""Settings of the processes, from the environment."""

from datetime import timedelta

import pytest

from chassis.settings import SettingsError, load
from services.notifier.intake import IntakeSettings
from services.notifier.settings import ApiSettings, WorkerSettings, check_letters

_SHARED = {
    "PRAXISPOST_IDENTITY_TARGET": "identity:50051",
    "PRAXISPOST_SMTP_HOST": "mail.example",
    "PRAXISPOST_SMTP_PORT": "587",
    "PRAXISPOST_SMTP_SECURITY": "starttls",
    "PRAXISPOST_SMTP_USERNAME": "wir",
    "PRAXISPOST_SMTP_PASSWORD": "geheim",
    "PRAXISPOST_MAIL_FROM": "hinweis@post.example",
    "PRAXISPOST_PORTAL_URL": "https://post.example",
    "PRAXISPOST_METRICS_PORT": "9100",
}
_STORES = {
    "PRAXISPOST_DATABASE_URL": "postgresql://notifier_app:x@db/notifier",
    "PRAXISPOST_AMQP_URL": "amqp://guest:x@mq//",
}


def test_the_api_reads_its_settings() -> None:
    environ = {
        **_SHARED,
        **_STORES,
        "PRAXISPOST_GRPC_PORT": "50054",
        "PRAXISPOST_SMS_URL": "https://sms.example/{{ to }}",
        "PRAXISPOST_SMS_BODY": "{{ text }}",
    }
    settings = load(ApiSettings, environ)
    assert (settings.grpc.port, settings.grpc.deadline) == (50054, timedelta(seconds=10))
    assert (settings.smtp.host, settings.smtp.port, settings.smtp.security) == (
        "mail.example",
        587,
        "starttls",
    )
    assert (settings.sms.method, settings.sms.headers) == ("POST", "Content-Type: application/json")
    assert "geheim" not in repr(settings)
    assert "sms.example" not in repr(settings)


def test_worker_and_intake_read_theirs() -> None:
    account = {"PRAXISPOST_SERVICE_ACCOUNT_ID": "id", "PRAXISPOST_SERVICE_ACCOUNT_SECRET": "secret"}
    assert load(WorkerSettings, _SHARED | _STORES | account).metrics_port == 9100
    assert load(IntakeSettings, _STORES | {"PRAXISPOST_METRICS_PORT": "9101"}).metrics_port == 9101


def test_everything_that_is_missing_is_named_together() -> None:
    with pytest.raises(SettingsError) as refused:
        load(WorkerSettings, {})
    assert set(refused.value.problems) == {
        f"PRAXISPOST_{name} is missing"
        for name in (
            "DATABASE_URL",
            "AMQP_URL",
            "IDENTITY_TARGET",
            "SERVICE_ACCOUNT_ID",
            "SERVICE_ACCOUNT_SECRET",
            "SMTP_HOST",
            "SMTP_PORT",
            "SMTP_SECURITY",
            "MAIL_FROM",
            "PORTAL_URL",
            "METRICS_PORT",
        )
    }


@pytest.mark.parametrize(
    "portal_url", ["http://post.example", "post.example", "https://", "https://p.example/#a"]
)
def test_links_lead_to_an_encrypted_portal(portal_url: str) -> None:
    with pytest.raises(SettingsError, match="PORTAL_URL"):
        check_letters("hinweis@post.example", portal_url)


def test_a_portal_on_this_machine_may_be_plain() -> None:
    check_letters("hinweis@post.example", "http://127.0.0.1:8080")


def test_letters_come_from_one_plain_address() -> None:
    with pytest.raises(SettingsError, match="MAIL_FROM"):
        check_letters("Praxispost <hinweis@post.example>", "https://post.example")
