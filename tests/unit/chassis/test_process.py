"""That a process ends when it is told to."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PATIENT = """
import asyncio
from chassis.process import run
async def main(stop):
    print("begun", flush=True)
    await stop.wait()
    print("stopping", flush=True)
run(main)
"""
STUBBORN = PATIENT.replace("run(main)", "").rstrip() + "\n    await asyncio.sleep(3600)\nrun(main)\n"


@contextmanager
def running(program: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_it_end_in_good_order(number: signal.Signals) -> None:
    with running(PATIENT) as process:
        process.send_signal(number)
        assert process.wait(20) == 0


def test_a_second_signal_ends_it_at_once() -> None:
    with running(STUBBORN) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM
