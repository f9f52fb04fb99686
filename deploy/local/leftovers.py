"""Ends what a killed run left running, and only that: a process id alone may have found a new owner."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from deploy.local.waiting import NotInTime, until

_STOP_SECONDS = 5.0
_KILL_SECONDS = 10.0


def record(file: Path, pid: int, stop_signal: signal.Signals) -> None:
    """Write down a process, leader of its own group, so that a later run can end it."""
    file.write_text(f"{pid} {int(stop_signal)} {_begun(pid)}\n")


def end_leftovers(folder: Path) -> None:
    """End all processes written down in the folder that still run: in order if they do, else by force."""
    running = [found for file in folder.iterdir() if (found := _running(file)) is not None]
    for pid, stop_signal in running:
        os.kill(pid, stop_signal)
    with contextlib.suppress(NotInTime):
        until(
            lambda: not any(_begun(pid) for pid, _ in running),
            "processes of an earlier run end",
            _STOP_SECONDS,
        )
    for pid, _ in running:
        _kill_group(pid)
    for file in folder.iterdir():
        file.unlink()


def _running(file: Path) -> tuple[int, int] | None:
    written = file.read_text().strip().split(" ", 2)
    if len(written) < 3:  # the run was killed while it wrote this
        return None
    pid, stop_signal, begun = written
    return (int(pid), int(stop_signal)) if _begun(int(pid)) == begun else None


def _kill_group(pid: int) -> None:
    """Also after its leader has ended: children may have stayed, and then nobody else can have its number."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    until(lambda: not _begun(pid), f"process {pid} of an earlier run ends", _KILL_SECONDS)


def _begun(pid: int) -> str:
    """When the process began, in a form that only compares; empty if it runs no more."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        shown = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return shown.stdout.strip()
    try:
        # The name in parentheses may itself hold spaces; after it come state (3rd) … start time (22nd).
        fields = stat.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]
