"""Whoever chooses a port keeps it until it is used, whoever else chooses at the same time."""

import socket
import subprocess
import sys

import pytest

from deploy.local import ports
from deploy.local.data_folder import DataFolder

CLAIM = "from deploy.local import ports; print(ports.claim({}) is not None)"


def another_process_gets(port: int) -> bool:
    ended = subprocess.run(
        [sys.executable, "-c", CLAIM.format(port)], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip() == "True"


def test_nobody_else_gets_a_claimed_port_though_nobody_listens_yet() -> None:
    with ports.choose() as port:
        assert ports.claim(port) is None
        assert not another_process_gets(port)
    assert another_process_gets(port)


def test_a_port_that_somebody_listens_on_is_not_to_be_had() -> None:
    with ports.choose() as port:
        pass
    with socket.create_server(("127.0.0.1", port)):
        assert ports.claim(port) is None


def test_its_owner_can_listen_on_a_claimed_port() -> None:
    with ports.choose() as port, socket.create_server(("127.0.0.1", port)):
        assert ports.accepts_connections(port)


def test_a_folder_keeps_its_ports_while_it_is_open(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = DataFolder.open(tmp_path_factory.mktemp("data"))
    port = folder.port("api")
    assert ports.claim(port) is None
    folder.close()
    taker = ports.claim(port)
    assert taker is not None
    again = DataFolder.open(folder.path)
    assert again.port("api") != port
    again.close()
    taker.give_up()
