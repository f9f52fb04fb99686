"""What holds of every object in every scenario."""

import json
from typing import Any

import kubernetes_validate
import pytest

from tests.chart.rendering import RELEASE, SCENARIOS, Manifest, Rendered, lint, render, values_of

# The oldest Kubernetes that the chart is for, and the newest.
_KUBERNETES = ("1.31", "1.37")
# Kinds of others, which Kubernetes' own schemas do not know: what is not here is a mistake.
_OTHERS = {
    ("cert-manager.io/v1", "Certificate"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
}
_BACKUPS = ("/backups", "/backups/keys")


@pytest.mark.parametrize("kubernetes", _KUBERNETES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_lint_finds_nothing(scenario: str, kubernetes: str) -> None:
    assert lint(values_of(scenario), kubernetes) == []


@pytest.mark.parametrize("kubernetes", _KUBERNETES)
def test_every_object_is_what_kubernetes_takes(rendered: Rendered, kubernetes: str) -> None:
    for each in rendered.manifests:
        if (each["apiVersion"], each["kind"]) not in _OTHERS:
            kubernetes_validate.validate(each, kubernetes, strict=True)


def test_the_same_values_render_the_same(rendered: Rendered) -> None:
    again = [json.dumps(render(values_of(each)).manifests) for each in SCENARIOS]
    assert json.dumps(rendered.manifests) in again


def test_names_are_unique_and_short_enough(rendered: Rendered) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in rendered.manifests]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for _, name in names)


def test_all_objects_say_to_which_release_they_belong(rendered: Rendered) -> None:
    for each in rendered.manifests:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == RELEASE
        assert labels["helm.sh/chart"].startswith("praxispost-")


def test_no_selector_names_a_version(rendered: Rendered) -> None:
    for each in rendered.of_kind("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"):
        selector = json.dumps([each["spec"].get("selector"), each["spec"].get("podSelector")])
        assert "version" not in selector
        assert "helm.sh/chart" not in selector


def test_each_selector_finds_pods_of_this_chart(rendered: Rendered) -> None:
    pods = [labels for _, labels, _ in rendered.pods()]
    for each in rendered.of_kind("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"):
        assert [labels for labels in pods if _selects(each, labels)], each["metadata"]["name"]


def test_pods_are_restricted(rendered: Rendered) -> None:
    for name, _, spec in rendered.pods():
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in _containers(spec):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["requests"]
            assert container["resources"]["limits"]["memory"]


def test_nothing_but_tmp_and_backups_can_be_written(rendered: Rendered) -> None:
    for _, _, spec in rendered.pods():
        writable = {volume["name"] for volume in spec.get("volumes", []) if "emptyDir" in volume}
        claimed = {volume["name"] for volume in spec.get("volumes", []) if "persistentVolumeClaim" in volume}
        for container in _containers(spec):
            for mount in container.get("volumeMounts", []):
                place = mount["mountPath"]
                assert mount.get("readOnly") is True or place == "/tmp" or place in _BACKUPS
                assert (place == "/tmp") == (mount["name"] in writable)
                assert (place in _BACKUPS) == (mount["name"] in claimed)


def test_every_process_is_probed_and_drained(rendered: Rendered) -> None:
    for each in rendered.of_kind("Deployment"):
        spec = each["spec"]["template"]["spec"]
        [container] = spec["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert (
            container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] >= 60
        )
        sleeps = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        drains = 20
        assert spec["terminationGracePeriodSeconds"] > sleeps + drains


def test_images_are_of_the_same_release(rendered: Rendered) -> None:
    tags = {
        container["image"].partition(":")[2]
        for _, _, spec in rendered.pods()
        for container in _containers(spec)
        if "@" not in container["image"]
    }
    assert len(tags) <= 1


def _containers(spec: Any) -> list[Any]:
    return [*spec.get("initContainers", []), *spec["containers"]]


def _selects(selecting: Manifest, labels: Any) -> bool:
    spec = selecting["spec"]
    selector = spec.get("podSelector") or spec["selector"]
    wanted = selector if selecting["kind"] == "Service" else selector.get("matchLabels", {})
    one_of = selector.get("matchExpressions", []) if selecting["kind"] != "Service" else []
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        labels.get(each["key"]) in each["values"] for each in one_of
    )
