"""What an upgrade meets in a cluster: objects of the version before, parts of which nobody may change.

The chart of that version lies beside this file as `helm package` made it, without dashboards and rules.
"""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.chart.rendering import CHART, SCENARIOS, Manifest, Rendered, Values, merged, render, values_of

_BEFORE: Final = Path(__file__).with_name("praxispost-0.1.0.tgz")
_SERVICES: Final = ("identity", "messaging", "attachments", "notifier", "portal")
_IMAGE: Final[Values] = {"image": {"digests": dict.fromkeys(_SERVICES, f"sha256:{'9' * 64}")}}
# Settings beside the images that stand in the pods of Jobs, or might.
_CHANGES: Final[dict[str, Values]] = {
    "log level": {"logLevel": "debug"},
    "pull policy": {"image": {"pullPolicy": "Always"}},
    "pull secrets": {"image": {"pullSecrets": ["another"]}},
    "pod security": {"podSecurityContext": {"fsGroupChangePolicy": "Always"}},
    "service account": {"serviceAccount": {"create": False, "name": "another"}},
    "a database's Secret": {"services": {"identity": {"database": {"existingSecret": "another"}}}},
    "an owner's key": {"services": {"messaging": {"migration": {"urlKey": "another"}}}},
    "wrapping keys": {"services": {"identity": {"wrappingKeys": {"existingSecret": "another"}}}},
    "an account": {"services": {"portal": {"account": {"existingSecret": "another"}}}},
    "resources": {"migrations": {"resources": {"limits": {"memory": "1Gi"}}}},
    "deadline": {"migrations": {"deadlineSeconds": 60}},
    "labels": {"commonLabels": {"team": "post"}},
    "pods' annotations": {"podAnnotations": {"team": "post"}},
    "traces": {"monitoring": {"traces": {"endpoint": "http://collector:4317"}}},
}
_UNCHANGEABLE: Final[dict[str, Callable[[Any], object]]] = {
    "Deployment": lambda spec: spec["selector"],
    "StatefulSet": lambda spec: [spec["selector"], spec["serviceName"], spec.get("volumeClaimTemplates")],
    # A headless service stays so; others were given an address that is not theirs to lose.
    "Service": lambda spec: [spec.get("clusterIP"), spec.get("type")],
    "Job": lambda spec: [spec["template"], spec.get("selector"), spec.get("completions")],
}


def _broken(before: Rendered, after: Rendered) -> Iterator[str]:
    """What Kubernetes would refuse to change from the one to the other."""
    there = {_key(each): each for each in before.manifests}
    for each in after.of_kind(*_UNCHANGEABLE):
        old = there.get(_key(each))
        fixed = _UNCHANGEABLE[each["kind"]]
        if old is not None and fixed(old["spec"]) != fixed(each["spec"]):
            yield "/".join(_key(each))


def _key(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def _old_values(scenario: str) -> Values:
    """Everything that the version before could be told: its own defaults, under the scenario's values.

    What this version knows besides is left out.
    """
    with tarfile.open(_BEFORE) as chart, chart.extractfile("praxispost/values.yaml") or io.BytesIO() as file:
        defaults: Values = yaml.safe_load(file)
    values = _known(values_of(scenario), defaults)
    values.get("image", {}).get("digests", {}).pop("backup", None)
    return merged(defaults, values)


def _known(values: Values, to: Values) -> Values:
    """Values without the keys that the other ones lack; where those are empty, anything may stand."""
    return {
        key: _known(value, to[key]) if isinstance(value, dict) and to[key] else value
        for key, value in values.items()
        if key in to or not to
    }


@pytest.fixture(scope="module", params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def before(scenario: str) -> Rendered:
    """The version before, as it was installed."""
    return render(_old_values(scenario), _BEFORE)


def test_the_values_of_the_version_before_are_good_for_this_one(scenario: str, before: Rendered) -> None:
    """Also where somebody copied the whole file of them."""
    after = render(_old_values(scenario))
    assert {_key(each) for each in before.of_kind("Deployment", "Service")} <= {
        _key(each) for each in after.of_kind("Deployment", "Service")
    }


def test_an_upgrade_changes_nothing_that_kubernetes_does_not_let_change(
    scenario: str, before: Rendered
) -> None:
    after = render(merged(_old_values(scenario), _IMAGE))
    assert list(_broken(before, after)) == []
    jobs = [{_key(job) for job in each.of_kind("Job")} for each in (before, after)]
    assert jobs[1]
    assert jobs[0].isdisjoint(jobs[1])


def test_a_rollback_finds_what_it_left(scenario: str, before: Rendered) -> None:
    after = render(merged(_old_values(scenario), _IMAGE))
    assert list(_broken(after, before)) == []


@pytest.mark.parametrize("change", _CHANGES)
def test_other_settings_never_change_a_job_that_is_there(change: str, production: Rendered) -> None:
    after = render(merged(values_of("production"), _CHANGES[change]))
    assert list(_broken(production, after)) == []


def test_what_would_be_refused_is_found(minimal: Rendered) -> None:
    changed = json.loads(json.dumps(minimal.manifests))
    for each in changed:
        if each["kind"] in ("Deployment", "Job"):
            each["spec"].setdefault("selector", {})["added"] = "label"
        if each["kind"] == "Service":
            each["spec"]["clusterIP"] = "10.0.0.1"
    found = set(_broken(minimal, Rendered(tuple(changed), "")))
    assert found == {"/".join(_key(each)) for each in minimal.of_kind("Deployment", "Job", "Service")}


def test_the_guide_has_an_entry_for_this_version_and_names_the_steps() -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    guide = (CHART / "UPGRADE.md").read_text()
    assert f"\n## {version}\n" in guide
    for step in ("helm diff upgrade", "backup", "helm upgrade", "helm test", "helm rollback"):
        assert step in guide
