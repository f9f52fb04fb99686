"""Child processes: started with a log and a written-down process id, waited for, stopped, killed."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import leftovers
from deploy.local.data_folder import DataFolder
from deploy.local.waiting import NotInTime, until

ROOT = Path(__file__).resolve().parents[2]
_TAIL_LINES = 25


class ProcessFailed(Exception):
    """A process ended, or was not ready, when it should have been; the text shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `user` is the account that it runs under; `stop_signal` asks it to end in order."""

    name: str
    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM


class Process:
    """One child process that can be started again after it ended, with the same command."""

    def __init__(self, command: Command, data: DataFolder) -> None:
        self.command = command
        self.log = data.logs / f"{command.name}.log"
        self._pid_file = data.pids / command.name
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def pid(self) -> int:
        """The process id; refuses with ProcessFailed when it is not running."""
        if self._child is None or self._child.poll() is not None:
            raise self.failure("is not running")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def has_died(self) -> bool:
        """Whether it ended without having been told to."""
        return self._child is not None and self._child.poll() is not None

    def start(self) -> None:
        """Start it in a session of its own: a Ctrl-C at the terminal reaches the starter only."""
        if self.is_running:
            return
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [str(argument) for argument in self.command.arguments],
                cwd=self.command.folder,
                env=_base_environment() | dict(self.command.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self.command.user,
                group=self.command.user,
                extra_groups=None if self.command.user is None else [],
                start_new_session=True,
            )
        leftovers.record(self._pid_file, self._child.pid, self.command.stop_signal)

    def wait_ready(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `is_ready`; refuses with ProcessFailed when it ends before, or is not in time."""

        def ready_or_dead() -> bool:
            return self.has_died or is_ready()

        try:
            until(ready_or_dead, f"{self.name} is ready", seconds)
        except NotInTime as error:
            raise self.failure(f"was not ready within {seconds:g} s") from error
        if self.has_died:
            raise self.failure("ended while it was starting")

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; returns the exit code, or None if it runs still after so many seconds."""
        if self._child is None:
            raise self.failure("was not started")
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, seconds: float = 15.0) -> None:
        """Ask it to end, and kill what is left of it after so many seconds."""
        if self._child is None:
            return
        if self._child.poll() is None:
            self._child.send_signal(self.command.stop_signal)
            self.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End it and all its children at once, as a crash would."""
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._child = None
        self._pid_file.unlink(missing_ok=True)

    def failure(self, what: str) -> ProcessFailed:
        """An error that shows the end of the log."""
        return ProcessFailed(f"{self.name} {what}. The end of {self.log}:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:])


def run_to_end(command: Command, data: DataFolder, seconds: float = 120.0) -> None:
    """Run a command that ends by itself; refuses with ProcessFailed unless it ends well and in time."""
    process = Process(command, data)
    process.start()
    code = process.wait(seconds)
    process.kill()
    if code != 0:
        raise process.failure(f"ended with {code}" if code is not None else f"ran longer than {seconds:g} s")


def _base_environment() -> dict[str, str]:
    """What every process gets of the starter's own environment: nothing that could set a service."""
    kept = ("PATH", "HOME", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return environment | {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
