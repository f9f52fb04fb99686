"""The metrics port: metrics, liveness, readiness."""

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from chassis.rpc_metrics import Method
from chassis.telemetry import Telemetry


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    telemetry = Telemetry("sample", "api", 0)
    telemetry.start()
    yield telemetry
    telemetry.stop()


def get(telemetry: Telemetry, path: str) -> tuple[int, str]:
    connection = HTTPConnection(telemetry.host, telemetry.port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_readiness_follows_the_process(telemetry: Telemetry) -> None:
    assert get(telemetry, "/livez")[0] == 200
    assert get(telemetry, "/readyz")[0] == 503
    telemetry.ready = True
    assert get(telemetry, "/readyz")[0] == 200
    assert get(telemetry, "/else")[0] == 404


def test_metrics_have_the_names_that_dashboards_know(telemetry: Telemetry) -> None:
    method = Method.of("/some.v1.Service/Do", request_streaming=False, response_streaming=True)
    metrics = telemetry.rpc_server
    metrics.handled(method, "NOT_FOUND", metrics.started(method))
    status, shown = get(telemetry, "/metrics")
    labels = 'grpc_method="Do",grpc_service="some.v1.Service",grpc_type="server_stream"'
    assert status == 200
    assert 'praxispost_build_info{kind="api",' in shown
    assert f"grpc_server_started_total{{{labels}}} 1.0" in shown
    assert f'grpc_server_handled_total{{grpc_code="NOT_FOUND",{labels}}} 1.0' in shown
    assert f"grpc_server_handling_seconds_count{{{labels}}} 1.0" in shown
    assert "process_resident_memory_bytes" in shown


def test_the_client_side_has_metrics_of_its_own(telemetry: Telemetry) -> None:
    assert telemetry.rpc_client is telemetry.rpc_client
    assert telemetry.rpc_client is not telemetry.rpc_server


def test_telemetry_can_serve_under_eventlet_without_grpc_or_asyncio() -> None:
    import subprocess
    import sys

    check = (
        "import eventlet; eventlet.monkey_patch()\n"
        "import sys, chassis.telemetry, chassis.logs, chassis.settings, chassis.refusal\n"
        "assert 'grpc' not in sys.modules, 'grpc'"
    )
    ended = subprocess.run([sys.executable, "-c", check], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
