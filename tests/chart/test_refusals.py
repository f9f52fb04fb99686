"""Values that cannot work are refused, by a message that names them."""

from copy import deepcopy
from typing import Any

import helm_python
import pytest

from tests.chart.rendering import Values, merged, render, values_of

# What the minimal values say and cannot be left out, with what the message must name.
_NEEDED = [
    *[
        f"services.{service}.database.existingSecret"
        for service in ("identity", "messaging", "attachments", "notifier")
    ],
    *[
        f"services.{service}.migration.existingSecret"
        for service in ("identity", "messaging", "attachments", "notifier")
    ],
    *[
        f"services.{service}.rabbitmq.existingSecret"
        for service in ("identity", "messaging", "attachments", "notifier")
    ],
    *[
        f"services.{service}.wrappingKeys.existingSecret"
        for service in ("identity", "messaging", "attachments")
    ],
    *[
        f"services.{service}.account.existingSecret"
        for service in ("identity", "messaging", "notifier", "portal")
    ],
    *[
        f"services.{service}.account.id"
        for service in ("identity", "messaging", "attachments", "notifier", "portal")
    ],
    "operator.account.id",
    "operator.account.existingSecret",
    "s3.endpoint",
    "s3.bucket",
    "s3.credentials.existingSecret",
    "smtp.host",
    "smtp.from",
    "sms.request.existingSecret",
    "portal.url",
    "portal.cookieKey.existingSecret",
]
_BAD: list[tuple[str, Any, str]] = [
    ("defaults.apiProcesses", 0, "/defaults/apiProcesses"),
    ("portal.url", "http://post.example.org", "/portal/url"),
    ("portal.url", "https://post.example.org/somewhere", "/portal/url"),
    ("smtp.security", "none", "/smtp/security"),
    ("smtp.port", 70000, "/smtp/port"),
    ("smtp.from", "two words@example.org", "/smtp/from"),
    ("s3.endpoint", "https://s3.example.org", "/s3/endpoint"),
    ("services.identity.account.id", "identity", "/services/identity/account/id"),
    ("image.digests", {"identity": "sha256:1"}, "/image/digests/identity"),
    ("image.digests", {"nobody": "sha256:" + "1" * 64}, "nobody"),
    ("migrations.mode", "sometimes", "/migrations/mode"),
    ("processes", {"portal-wbe": {"replicas": 1}}, "portal-wbe"),
    ("processes", {"portal-web": {"replica": 1}}, "replica"),
    ("processes", {"portal-web": {"replicas": -1}}, "/processes/portal-web/replicas"),
    ("tls.mode", "perhaps", "/tls/mode"),
    ("networkPolicy.egress.s3.ports", [], "/networkPolicy/egress/s3/ports"),
    ("attachments.scanner", "clamd.clamav", "/attachments/scanner"),
    ("attachments.scanner", "tcp://clamd.clamav:3310", "/attachments/scanner"),
    ("logLevel", "loud", "/logLevel"),
    ("monitoring.traces.endpoint", "collector:4317", "/monitoring/traces/endpoint"),
    ("backup.schedule", "daily", "/backup/schedule"),
    ("backup.dataDays", 0, "/backup/dataDays"),
    ("monitoring.traces.share", 2, "/monitoring/traces/share"),
    ("messaging.guard.patients", 1, "/messaging/guard/patients"),
    ("somethingElse", True, "somethingElse"),
]
_CONTRADICTIONS: list[tuple[Values, str]] = [
    ({"ingress": {"enabled": True}, "gateway": {"enabled": True}}, "exclude each other"),
    ({"gateway": {"enabled": True}}, "gateway.parentRefs"),
    ({"tls": {"mode": "certManager"}}, "tls.certManager.issuerRef.name"),
    ({"tls": {"mode": "existingSecrets"}}, "tls.existingSecrets."),
    ({"serviceAccount": {"create": False}}, "serviceAccount.name"),
    ({"backup": {"enabled": True}}, "backup.databases.existingSecret"),
    ({"backup": {"enabled": True, "databases": {"existingSecret": "b"}}}, "backup.claims.data"),
    ({"smtp": {"username": "relay"}}, "smtp.credentials.existingSecret"),
]


def _with(path: str, value: Any) -> Values:
    values = deepcopy(values_of())
    *parents, last = path.split(".")
    within = values
    for each in parents:
        within = within.setdefault(each, {})
    within[last] = value
    return values


@pytest.mark.parametrize("path", _NEEDED)
def test_what_is_missing_is_named(path: str) -> None:
    with pytest.raises(helm_python.HelmError, match=path.replace(".", r"\.")):
        render(_with(path, ""))


@pytest.mark.parametrize(("path", "value", "named"), _BAD)
def test_what_is_wrong_is_named(path: str, value: Any, named: str) -> None:
    with pytest.raises(helm_python.HelmError, match=named):
        render(_with(path, value))


@pytest.mark.parametrize(("values", "named"), _CONTRADICTIONS)
def test_contradictions_are_refused(values: Values, named: str) -> None:
    with pytest.raises(helm_python.HelmError, match=named):
        render(merged(values_of(), values))


def test_global_and_enabled_are_open_for_charts_above_this_one() -> None:
    assert render(merged(values_of(), {"global": {"anything": 1}, "enabled": True})).manifests
