"""Processes end with their starter, or with the next one at the latest, and say why they failed."""

import sys
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.data_folder import DataFolder, FolderInUse
from deploy.local.processes import Command, Process, ProcessFailed, run_to_end
from deploy.local.waiting import until

SERVE = "import http.server as h; h.HTTPServer(('127.0.0.1', {}), h.BaseHTTPRequestHandler).serve_forever()"


def server(data: DataFolder) -> tuple[Process, int]:
    port = data.port("server")
    return Process(Command("server", [sys.executable, "-c", SERVE.format(port)]), data), port


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    first = DataFolder.open(tmp_path / "data")
    with pytest.raises(FolderInUse):
        DataFolder.open(tmp_path / "data")
    first.close()
    DataFolder.open(tmp_path / "data").close()


def test_ports_and_secrets_are_remembered_until_a_fresh_start(tmp_path: Path) -> None:
    first = DataFolder.open(tmp_path / "data")
    port, secret = first.port("api"), first.secret("api")
    first.close()
    again = DataFolder.open(tmp_path / "data")
    assert (again.port("api"), again.secret("api")) == (port, secret)
    again.close()
    fresh = DataFolder.open(tmp_path / "data", fresh=True)
    assert fresh.secret("api") != secret
    fresh.close()


def test_a_process_can_be_killed_and_started_again(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path / "data")
    process, port = server(data)
    process.start()
    process.wait_ready(lambda: ports.accepts_connections(port), 20)
    first = process.pid
    process.kill()
    assert not process.is_running
    process.start()
    process.wait_ready(lambda: ports.accepts_connections(port), 20)
    assert process.pid != first
    process.stop()
    assert not ports.accepts_connections(port)
    data.close()


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path / "data")
    process, port = server(data)
    process.start()
    process.wait_ready(lambda: ports.accepts_connections(port), 20)
    data.close()  # as the end of the starter would
    DataFolder.open(tmp_path / "data").close()
    until(lambda: process.has_died, "the leftover has ended", 10)
    assert not ports.accepts_connections(port)
    process.kill()


def test_a_leftover_that_cannot_end_in_order_is_ended_by_force(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path / "data")
    process = Process(Command("stubborn", ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 9; done"]), data)
    process.start()
    data.close()
    DataFolder.open(tmp_path / "data").close()
    until(lambda: process.has_died, "the leftover has ended", 10)
    process.kill()


def test_a_process_id_that_found_a_new_owner_is_left_alone(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path / "data")
    process, port = server(data)
    process.start()
    process.wait_ready(lambda: ports.accepts_connections(port), 20)
    written = data.pids / "server"
    pid, stop_signal, _ = written.read_text().split(" ", 2)
    written.write_text(f"{pid} {stop_signal} another time\n")
    data.close()
    DataFolder.open(tmp_path / "data").close()
    assert process.is_running
    process.kill()


def test_a_process_that_dies_at_the_start_is_reported_with_its_log(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path / "data")
    process = Process(Command("broken", [sys.executable, "-c", "raise SystemExit('no such setting')"]), data)
    process.start()
    with pytest.raises(ProcessFailed, match="no such setting"):
        process.wait_ready(lambda: False, 20)
    process.kill()
    data.close()


def test_a_command_that_fails_is_reported_with_its_log(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path / "data")
    with pytest.raises(ProcessFailed, match="no such table"):
        run_to_end(Command("migrate", [sys.executable, "-c", "raise SystemExit('no such table')"]), data)
    data.close()
