"""A whole system at work, and a Prometheus that watches it as one in a cluster would."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import yaml

from deploy.local import ports
from deploy.local.address_book import AddressBook
from deploy.local.rabbitmq import RabbitMq
from deploy.local.system import temporary_system
from deploy.local.waiting import until
from deploy.monitoring.__main__ import FILES
from scripts.setup.prometheus import find
from tests.story.play import play
from tests.story.stage import stage_on

_SCRAPE_EVERY: Final = "1s"
# What Grafana puts for $__rate_interval at this pace: four times the scrapes' interval.
RATE_INTERVAL: Final = "30s"
# RabbitMQ's own endpoints, and the families that are asked of each.
_BROKER: Final = {
    "/metrics": [],
    "/metrics/detailed": ["queue_coarse_metrics", "queue_consumer_count"],
}


@dataclass(frozen=True, slots=True)
class Watched:
    """The system's addresses, its broker's metrics, and Prometheus' own address."""

    book: AddressBook
    broker_url: str
    url: str

    def broker_metrics(self) -> str:
        """What RabbitMQ says of itself, in each of the ways in which it can be asked."""
        return "\n".join(
            httpx.get(f"{self.broker_url}{path}", params={"family": families}, trust_env=False).text
            for path, families in {**_BROKER, "/metrics/per-object": []}.items()
        )

    def values(self, expression: str) -> list[Any]:
        """The series of the last minutes that have a number at least once."""
        now = time.time()
        query = {"query": expression, "start": str(now - 180), "end": str(now), "step": "5"}
        answer = httpx.get(f"{self.url}/api/v1/query_range", params=query, timeout=30, trust_env=False).json()
        assert answer["status"] == "success", (expression, answer)
        return [
            each
            for each in answer["data"]["result"]
            if any(value not in ("NaN", "+Inf", "-Inf") for _, value in each["values"])
        ]


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Play the whole story on a system of its own while Prometheus looks at every process."""
    with temporary_system() as system:
        book, broker = system.address_book, system.stores.rabbitmq
        assert isinstance(broker, RabbitMq), "unset PRAXISPOST_AMQP_URL: its own metrics are looked at"
        with ports.choose() as port, _prometheus(folder, book, broker.metrics_url, port) as url:
            until(lambda: _all_up(url, len(book.metrics) + len(_BROKER)), "Prometheus sees all processes", 60)
            with stage_on(book) as stage:
                play(stage, lambda _: None)
            made = Watched(book, broker.metrics_url, url)
            until(lambda: _look_at_portal(made), "Prometheus sees that pages were looked at", 60)
            yield made


def _look_at_portal(watched: Watched) -> bool:
    for path in ("/", "/practice/login"):
        httpx.get(f"{watched.book.portal_url}{path}", timeout=10, trust_env=False).raise_for_status()
    return bool(watched.values(f"sum(rate(http_requests_total[{RATE_INTERVAL}])) > 0"))


@contextmanager
def _prometheus(folder: Path, book: AddressBook, broker_url: str, port: int) -> Iterator[str]:
    file = folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(_configuration(book.metrics, broker_url)))
    arguments = (
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([find("prometheus"), *arguments], stdout=log, stderr=log, cwd=folder)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _configuration(metrics: Mapping[str, str], broker_url: str) -> Mapping[str, Any]:
    """Each process under the label that the chart's PodMonitor gives it; RabbitMQ as operations.md says."""
    return {
        "global": {"scrape_interval": _SCRAPE_EVERY, "evaluation_interval": _SCRAPE_EVERY},
        "rule_files": [str(FILES / "rules" / "praxispost.yaml")],
        "scrape_configs": [
            {
                "job_name": "praxispost",
                "static_configs": [
                    {"targets": [urlsplit(url).netloc], "labels": {"process": process}}
                    for process, url in metrics.items()
                ],
            },
            *(
                {
                    "job_name": f"rabbitmq{number}",
                    "metrics_path": path,
                    "params": {"family": families},
                    "static_configs": [{"targets": [urlsplit(broker_url).netloc]}],
                }
                for number, (path, families) in enumerate(_BROKER.items())
            ),
        ],
    }


def _all_up(url: str, count: int) -> bool:
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": "sum(up)"}, timeout=5, trust_env=False)
    except httpx.TransportError:
        return False
    if not answer.is_success:  # it is still starting
        return False
    found = answer.json().get("data", {}).get("result", [])
    return bool(found) and found[0]["value"][1] == str(count)
