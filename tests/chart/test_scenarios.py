"""What the scenarios are for."""

import json
from typing import Any

import pytest
import yaml

from scripts import chart_readme
from tests.chart.rendering import CHART, Rendered, merged, render, values_of

COLLECTOR_PORT = 4317


def _pod(rendered: Rendered, process: str) -> Any:
    return rendered.named("Deployment", process)["spec"]["template"]["spec"]


def test_pods_wait_for_the_schema(minimal: Rendered) -> None:
    for process in ("identity-api", "messaging-worker", "notifier-bounce", "attachments-worker"):
        [waiting] = _pod(minimal, process)["initContainers"]
        assert waiting["command"][-1] == "await-schema"
    assert "initContainers" not in _pod(minimal, "portal-web")


def test_only_apis_are_told_how_many_processes_share_a_port() -> None:
    rendered = render(merged(values_of(), {"processes": {"messaging-api": {"apiProcesses": 4}}}))
    told: dict[str, str] = {}
    for each in rendered.of_kind("Deployment"):
        component = each["metadata"]["labels"]["app.kubernetes.io/component"]
        for variable in each["spec"]["template"]["spec"]["containers"][0]["env"]:
            if variable["name"] == "PRAXISPOST_API_PROCESSES":
                told[component] = variable["value"]
    ones = dict.fromkeys(("identity-api", "attachments-api", "notifier-api"), "1")
    assert told == ones | {"messaging-api": "4"}


def test_as_hooks_migrations_run_before_and_nobody_waits(renderings: dict[str, Rendered]) -> None:
    closed = renderings["closed-network"]
    assert "initContainers" not in _pod(closed, "identity-api")
    jobs = closed.of_kind("Job")
    assert len(jobs) == 5
    assert all("pre-upgrade" in job["metadata"]["annotations"]["helm.sh/hook"] for job in jobs)


def test_an_upgrade_makes_new_jobs_and_keeps_every_selector(renderings: dict[str, Rendered]) -> None:
    before, after = renderings["minimal"], renderings["upgrade"]
    names = [{job["metadata"]["name"] for job in each.of_kind("Job")} for each in (before, after)]
    assert names[0].isdisjoint(names[1])
    for each in before.of_kind("Deployment"):
        same = next(
            x for x in after.of_kind("Deployment") if x["metadata"]["name"] == each["metadata"]["name"]
        )
        assert same["spec"]["selector"] == each["spec"]["selector"]
        assert same["spec"]["template"] != each["spec"]["template"]


def test_other_settings_make_a_new_migration_job_and_the_same_make_none(minimal: Rendered) -> None:
    def migrations(rendered: Rendered) -> set[str]:
        return {
            job["metadata"]["name"] for job in rendered.of_kind("Job") if "migrate" in job["metadata"]["name"]
        }

    assert migrations(render(values_of())) == migrations(minimal)
    louder = render(merged(values_of(), {"logLevel": "debug"}))
    assert migrations(louder).isdisjoint(migrations(minimal))


def test_in_a_closed_network_every_image_comes_by_digest_from_the_own_registry(
    renderings: dict[str, Rendered],
) -> None:
    for _, _, spec in renderings["closed-network"].pods():
        assert spec["imagePullSecrets"] == [{"name": "registry-internal"}]
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            assert container["image"].startswith("registry.internal:5000/mirrored/praxispost/")
            assert "@sha256:" in container["image"]


def test_where_load_decides_the_chart_names_no_replicas(production: Rendered) -> None:
    scaled = {
        each["spec"]["scaleTargetRef"]["name"] for each in production.of_kind("HorizontalPodAutoscaler")
    }
    assert scaled == {
        f"praxispost-{name}" for name in ("identity-api", "messaging-api", "attachments-api", "portal-web")
    }
    for each in production.of_kind("Deployment"):
        assert ("replicas" in each["spec"]) == (each["metadata"]["name"] not in scaled)


def test_apis_are_found_pod_by_pod(minimal: Rendered) -> None:
    for service in ("identity", "messaging", "attachments", "notifier"):
        assert minimal.named("Service", f"{service}-api")["spec"]["clusterIP"] == "None"
    targets = {
        each["value"]
        for each in _pod(minimal, "portal-web")["containers"][0]["env"]
        if each["name"].endswith("_TARGET")
    }
    assert targets == {
        f"dns:///praxispost-{service}-api:50051"
        for service in ("identity", "messaging", "attachments", "notifier")
    }


def _peers(policy: Any, direction: str) -> set[tuple[str, str]]:
    """Each allowed process with the port's name, in one direction."""
    found = set()
    for rule in policy["spec"].get(direction, []):
        for peer in rule.get("from" if direction == "ingress" else "to", []):
            component = peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component")
            if component:
                found |= {(component, str(port["port"])) for port in rule["ports"]}
    return found


def test_network_policies_allow_the_calls_that_the_settings_name_and_no_others(minimal: Rendered) -> None:
    called: dict[str, set[str]] = {}
    for each in minimal.of_kind("Deployment"):
        process = each["metadata"]["labels"]["app.kubernetes.io/component"]
        environment = each["spec"]["template"]["spec"]["containers"][0]["env"]
        called[process] = {
            f"{name.removeprefix('PRAXISPOST_').removesuffix('_TARGET').lower()}-api"
            for name in (variable["name"] for variable in environment)
            if name.endswith("_TARGET")
        }
    for process, targets in called.items():
        policy = minimal.named("NetworkPolicy", process)
        assert {(target, "grpc") for target in targets} == _peers(policy, "egress")
    for process in ("identity-api", "messaging-api", "attachments-api", "notifier-api"):
        callers = {(caller, "grpc") for caller, targets in called.items() if process in targets}
        assert _peers(minimal.named("NetworkPolicy", process), "ingress") == callers


def test_what_is_not_allowed_is_refused_in_both_directions(rendered: Rendered) -> None:
    default = rendered.named("NetworkPolicy", "default")
    assert default["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert set(default["spec"]["podSelector"]["matchLabels"]) == {
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
    }


def test_the_portal_reaches_no_store(production: Rendered) -> None:
    egress = production.named("NetworkPolicy", "portal-web")["spec"]["egress"]
    assert {port["port"] for rule in egress for port in rule["ports"]} == {"grpc", COLLECTOR_PORT}


def test_the_scanner_is_reached_by_the_api_of_documents_alone_and_only_where_one_is_set(
    minimal: Rendered, production: Rendered
) -> None:
    def reaching(rendered: Rendered) -> set[str]:
        return {
            policy["metadata"]["name"]
            for policy in rendered.of_kind("NetworkPolicy")
            for rule in policy["spec"].get("egress", [])
            if {"port": 3310, "protocol": "TCP"} in rule["ports"]
        }

    assert reaching(production) == {"praxispost-attachments-api"}
    assert reaching(minimal) == set()
    told = {"name": "PRAXISPOST_SCANNER", "value": "clamd.clamav:3310"}
    assert told in _pod(production, "attachments-api")["containers"][0]["env"]


def test_with_tls_every_certificate_has_the_names_that_are_called(production: Rendered) -> None:
    for service in ("identity", "messaging", "attachments", "notifier"):
        certificate = production.named("Certificate", service)["spec"]
        assert f"praxispost-{service}-api" in certificate["dnsNames"]
        assert {"server auth", "client auth"} <= set(certificate["usages"])
        mounted = {volume["name"]: volume for volume in _pod(production, f"{service}-api")["volumes"]}
        assert mounted["tls"]["secret"]["secretName"] == certificate["secretName"]


@pytest.mark.parametrize("process", ["messaging-worker", "identity-intake", "notifier-bounce"])
def test_who_calls_nobody_and_serves_no_calls_has_no_certificate(production: Rendered, process: str) -> None:
    assert "tls" not in {volume["name"] for volume in _pod(production, process)["volumes"]}


def test_monitoring_objects_are_there_when_asked_for_and_only_then(
    minimal: Rendered, production: Rendered
) -> None:
    kinds = {"PodMonitor", "PrometheusRule"}
    assert not minimal.of_kind(*kinds)
    assert {each["kind"] for each in production.of_kind(*kinds)} == kinds


def test_rules_and_dashboards_are_those_of_the_files(production: Rendered) -> None:
    groups = production.of_kind("PrometheusRule")[0]["spec"]["groups"]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    pages = {rule["annotations"]["runbook_url"] for rule in alerts}
    assert {page.rpartition("/")[0] for page in pages} == {"https://runbooks.example.org/praxispost"}
    assert len(alerts) == sum(
        len(group["rules"]) for group in _rules()["groups"] if "alerts" in group["name"]
    )
    dashboards = [each for each in production.of_kind("ConfigMap") if "dashboard" in each["metadata"]["name"]]
    for each in dashboards:
        [(name, content)] = each["data"].items()
        assert json.loads(content) == json.loads((CHART / "files" / "dashboards" / name).read_text())
    assert len(dashboards) == len(list((CHART / "files" / "dashboards").iterdir()))


def test_who_makes_spans_knows_and_reaches_the_collector_and_nobody_else_does(
    minimal: Rendered, production: Rendered
) -> None:
    traced = set()
    for each in production.of_kind("Deployment"):
        process = each["metadata"]["labels"]["app.kubernetes.io/component"]
        variables = {
            variable["name"]: variable for variable in _pod(production, process)["containers"][0]["env"]
        }
        egress = production.named("NetworkPolicy", process)["spec"]["egress"]
        told = variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", {}).get("value")
        assert told in (None, f"http://collector.monitoring:{COLLECTOR_PORT}")
        assert (COLLECTOR_PORT in {port["port"] for rule in egress for port in rule["ports"]}) == bool(told)
        if told:
            assert variables["OTEL_TRACES_SAMPLER_ARG"]["value"] == "0.1"
            traced.add(process.partition("-")[2])
    assert traced == {"api", "worker", "web"}
    assert "OTEL_" not in json.dumps(minimal.manifests)
    assert str(COLLECTOR_PORT) not in json.dumps(minimal.manifests)


def test_backups_are_made_of_everything_daily_and_of_the_keys_hourly_and_pruned(
    minimal: Rendered, production: Rendered
) -> None:
    assert not minimal.of_kind("CronJob")
    done = {}
    for each in production.of_kind("CronJob"):
        spec = each["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        [make], [prune] = spec["initContainers"], spec["containers"]
        done[each["metadata"]["name"]] = (each["spec"]["schedule"], make["command"][3:], prune["command"][3:])
        assert each["spec"]["concurrencyPolicy"] == "Forbid"
        claims = {
            volume["name"]: volume["persistentVolumeClaim"]["claimName"]
            for volume in spec["volumes"]
            if "persistentVolumeClaim" in volume
        }
        assert claims == {"data": "backup-data", "keys": "backup-keys"}
    assert done == {
        "praxispost-backup-data": (
            "15 1 * * *",
            ["make", "/backups"],
            ["prune", "--data-days", "30", "/backups"],
        ),
        "praxispost-backup-keys": ("45 * * * *", ["make", "--only-keys", "/backups"], ["prune", "/backups"]),
    }


def test_backups_reach_databases_and_objects_and_nothing_else(production: Rendered) -> None:
    egress = production.named("NetworkPolicy", "backup")["spec"]["egress"]
    assert [{port["port"] for port in rule["ports"]} for rule in egress] == [{5432}, {443}]


def _rules() -> Any:
    return yaml.safe_load((CHART / "files" / "rules" / "praxispost.yaml").read_text())


def test_the_notes_say_what_is_not_encrypted(minimal: Rendered, production: Rendered) -> None:
    assert "not encrypted" in minimal.notes
    assert "not encrypted" not in production.notes


def test_the_notes_say_that_documents_are_not_scanned(minimal: Rendered, production: Rendered) -> None:
    assert "not scanned" in minimal.notes
    assert "not scanned" not in production.notes


def test_the_readme_is_what_the_values_say() -> None:
    assert chart_readme.is_current()
