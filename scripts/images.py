"""Builds the services' images with podman, on an own base where no registry can be reached."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from chassis.version import VERSION
from scripts.setup import debian
from scripts.setup.layout import BUILD, ROOT
from scripts.setup.problem import SetupProblem

SERVICES: Final = ("identity", "messaging", "attachments", "notifier", "portal")
# The services', and the one that makes backups.
IMAGES: Final = (*SERVICES, "backup")
_PACKAGES: Final = ("podman", "runc", "debootstrap")
_OWN_BASE: Final = "localhost/praxispost-base:bookworm"
_IN_BASE: Final = "python3,python3-venv,ca-certificates,tzdata"
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def missing() -> list[str]:
    """The packages of Debian's to install; refuses where that can't be done."""
    absent = [name for name in _PACKAGES if shutil.which(name) is None]
    if absent and not debian.can_install():
        raise SetupProblem(
            f"Images are built with {', '.join(_PACKAGES)}; missing here: {', '.join(absent)}."
        )
    return absent


def image(service: str) -> str:
    """The name of a service's image here."""
    return f"localhost/praxispost/{service}:{VERSION}"


def environment() -> Mapping[str, str]:
    """What podman needs to run inside of a container itself: no cgroups of systemd's, no limit raised."""
    file = BUILD / "images" / "containers.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    # podman's own defaults are more than a container may give to those in it.
    allowed = [f"{name}=4096:4096" for name in ("nofile", "nproc")]
    file.write_text(
        f'[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        f"[containers]\ndefault_ulimits = {allowed}\n"
    )
    return {**os.environ, "CONTAINERS_CONF": str(file)}


def podman(*arguments: str, quiet: bool = True) -> str:
    """Run podman; raises CalledProcessError, its words on standard error."""
    ended = subprocess.run(
        ["podman", *arguments],
        env=environment(),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=True,
    )
    return (ended.stdout or "").strip()


def base() -> str:
    """The base image: PRAXISPOST_BASE_IMAGE, or one of Debian's packages that is made once."""
    given = os.environ.get("PRAXISPOST_BASE_IMAGE")
    if given:
        return given
    if subprocess.run(["podman", "image", "exists", _OWN_BASE], env=environment(), check=False).returncode:
        with tempfile.TemporaryDirectory() as root:
            _run("debootstrap", "--variant=minbase", f"--include={_IN_BASE}", "bookworm", root, *_mirror())
            _run("sh", "-c", f"tar -C {root} -c . | podman import - {_OWN_BASE}")
    return _OWN_BASE


def build(service: str) -> str:
    """The image of one service, built; its name."""
    podman(
        "build",
        "--pull=never",
        "--network=host",
        f"--build-arg=BASE_IMAGE={base()}",
        f"--build-arg=SERVICE={service}",
        f"--build-arg=VERSION={VERSION}",
        *_secrets(),
        "--file=deploy/images/Dockerfile",
        f"--tag={image(service)}",
        ".",
    )
    return image(service)


def _secrets() -> Sequence[str]:
    """This machine's authority and index for packages, which are not kept in the image."""
    folder = BUILD / "images"
    folder.mkdir(parents=True, exist_ok=True)
    empty = folder / "empty"
    empty.touch()
    index = subprocess.run(
        ["python3", "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    configuration = folder / "pip.conf"
    configuration.write_text(f"[global]\nindex-url = {index}\n" if index else "")
    authorities = _AUTHORITIES if _AUTHORITIES.exists() else empty
    return (f"--secret=id=ca,src={authorities}", f"--secret=id=pip,src={configuration}")


def _mirror() -> Sequence[str]:
    """Where this Debian takes its packages from; debootstrap's own default where that can't be seen."""
    for file in sorted(Path("/etc/apt").glob("sources.list.d/*.sources")):
        for line in file.read_text().splitlines():
            if line.startswith("URIs:"):
                return (line.split()[1],)
    return ()


def _run(*command: str) -> None:
    subprocess.run(
        command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
    )
