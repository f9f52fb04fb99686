"""Ends what a killed run left running, and only that: a process id alone may have found a new owner."""

import os
import signal
import subprocess
from pathlib import Path

from deploy.local.waiting import until

_END_SECONDS = 10.0


def record(file: Path, pid: int) -> None:
    """Write down a process, leader of its own group, so that a later run can end it."""
    file.write_text(f"{pid}\n{_begun(pid)}\n")


def end_leftovers(folder: Path) -> None:
    """Kill the groups of all processes written down in the folder that still run."""
    for file in folder.iterdir():
        pid_text, _, begun = file.read_text().strip().partition("\n")
        if pid_text and begun and _begun(int(pid_text)) == begun:
            _kill_group(int(pid_text))
        file.unlink()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    until(lambda: not _begun(pid), f"process {pid} of an earlier run ends", _END_SECONDS)


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
