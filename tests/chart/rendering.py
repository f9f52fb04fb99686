"""Renders the chart without a cluster, by scenario."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import helm_python
import yaml

from deploy.local.processes import ROOT

Values: TypeAlias = dict[str, Any]
Manifest: TypeAlias = dict[str, Any]

CHART: Final = ROOT / "deploy" / "helm" / "praxispost"
RELEASE: Final = "praxispost"
NAMESPACE: Final = "praxis"
SCENARIOS: Final = ("minimal", "production", "closed-network", "upgrade")
_NEEDED: Final = "minimal"

helm_python.disable_logging()


@dataclass(frozen=True, slots=True)
class Rendered:
    """All objects of a rendering, in the chart's order, and the notes."""

    manifests: tuple[Manifest, ...]
    notes: str

    def of_kind(self, *kinds: str) -> list[Manifest]:
        """The objects of these kinds."""
        return [each for each in self.manifests if each["kind"] in kinds]

    def named(self, kind: str, name: str) -> Manifest:
        """One object; raises StopIteration where there is none."""
        return next(each for each in self.of_kind(kind) if each["metadata"]["name"] == f"{RELEASE}-{name}")

    def pods(self) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
        """Each pod's name, labels and spec: those of Deployments, Jobs and CronJobs, and bare ones."""
        for each in self.of_kind("Deployment", "Job"):
            template = each["spec"]["template"]
            yield each["metadata"]["name"], template["metadata"]["labels"], template["spec"]
        for each in self.of_kind("CronJob"):
            template = each["spec"]["jobTemplate"]["spec"]["template"]
            yield each["metadata"]["name"], template["metadata"]["labels"], template["spec"]
        for each in self.of_kind("Pod"):
            yield each["metadata"]["name"], each["metadata"]["labels"], each["spec"]


def values_of(*scenarios: str) -> Values:
    """The values of ci/*-values.yaml, the later ones over the earlier, all on top of the minimal ones."""
    values: Values = {}
    for name in (_NEEDED, *scenarios):
        added: Values = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text())
        values = merged(values, added)
    return values


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Values:
    """One mapping over the other, as Helm merges them."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def render(values: Values, chart: Path = CHART) -> Rendered:
    """Render; raises helm_python's errors for values that the chart refuses."""
    with helm_python.Chart.load(str(chart)) as loaded:
        texts = loaded.render(values, name=RELEASE, namespace=NAMESPACE)
    notes = "".join(text for path, text in texts.items() if path.endswith("NOTES.txt"))
    manifests = _parsed([text for path, text in sorted(texts.items()) if path.endswith(".yaml")])
    return Rendered(tuple(manifests), notes)


def lint(values: Values, kubernetes: str) -> Sequence[str]:
    """What `helm lint --strict` complains of."""
    report = helm_python.lint(str(CHART), values, strict=True, kube_version=f"v{kubernetes}.0")
    worse = [each["error"] for each in report["messages"] if each["severity"] > 1]
    return [*worse, *report["errors"]]


def _parsed(texts: Sequence[str]) -> Iterator[Manifest]:
    for text in texts:
        for document in yaml.safe_load_all(text):
            if document:
                yield document
