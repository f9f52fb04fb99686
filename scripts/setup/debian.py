"""Installs packages of the system with apt, without questions and without starting their services."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.setup.problem import SetupProblem

_POLICY = Path("/usr/sbin/policy-rc.d")
_APT = ("apt-get", "--quiet", "--yes", "--option", "DPkg::Lock::Timeout=300")


def can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Debian's packages ask policy-rc.d whether they may start their service; 101 says no."""
    if _POLICY.exists():
        kept = _POLICY.with_name("policy-rc.d.kept-by-praxispost")
        _POLICY.rename(kept)
    else:
        kept = None
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
        if kept is not None:
            kept.rename(_POLICY)


def install(packages: Sequence[str]) -> None:
    """Install them, all at once; refuses with what apt said."""
    if not packages:
        return
    print(f"setup: installing {' and '.join(packages)} with apt", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_service_starts():
        for arguments in (["update"], ["install", "--no-install-recommends", *packages]):
            done = subprocess.run(
                [*_APT, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise SetupProblem(
                    f"{' and '.join(packages)} is missing here, and apt could not install it. Install it\n"
                    f"yourself, and try again. apt-get {' '.join(arguments)} said:\n{done.stdout}"
                )
