"""Generates typed Python from the contracts in protos/ into build/protos."""

import os
import shutil
import subprocess
from pathlib import Path

from scripts.setup.layout import BUILD, GENERATED, LOCK, PROTOS, STUBS, VENV, VENV_PYTHON
from scripts.setup.problem import SetupProblem
from scripts.setup.stamps import Stamp, digest
from scripts.setup.venv import site_packages

_STAMP = Stamp(BUILD / "setup" / "protos")


def ensure() -> None:
    sources = sorted(PROTOS.rglob("*.proto"))
    inputs = digest([LOCK, *sources], *(str(source) for source in sources))
    if GENERATED.is_dir() and _STAMP.is_current(inputs):
        return
    _STAMP.forget()
    print("setup: generating Python from protos", flush=True)
    fresh = BUILD / f"protos-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        if sources:
            _generate(sources, fresh)
        _make_packages(fresh)
        # Whole folders change places, so that a process that imports meanwhile never meets half of one.
        _replace(fresh)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _copy_stubs()
    _STAMP.write(inputs)


def anew() -> None:
    _STAMP.forget()
    ensure()


def _generate(sources: list[Path], into: Path) -> None:
    command = [
        str(VENV_PYTHON),
        "-m",
        "grpc_tools.protoc",
        f"--proto_path={PROTOS}",
        f"--python_out={into}",
        f"--grpc_python_out={into}",
        f"--mypy_out={into}",
        f"--mypy_grpc_out={into}",
        *(str(source.relative_to(PROTOS)) for source in sources),
    ]
    search = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": search},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SetupProblem(f"The contracts do not compile:\n{done.stderr}")


def _make_packages(root: Path) -> None:
    packages = {root / "praxispost"}
    for module in root.rglob("*.py"):
        packages.update(parent for parent in module.parents if root in parent.parents)
    for package in packages:
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text("")
    (root / "praxispost" / "py.typed").write_text("")


def _replace(fresh: Path) -> None:
    old = BUILD / f"protos-old-{os.getpid()}"
    if GENERATED.exists():
        GENERATED.rename(old)
    fresh.rename(GENERATED)
    shutil.rmtree(old, ignore_errors=True)


def _copy_stubs() -> None:
    """google.rpc brings its stub files but not the marker that says so; mypy reads them from here."""
    folder = STUBS / "google" / "rpc"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.pyi").write_text("")
    for stub in (site_packages() / "google" / "rpc").glob("*.pyi"):
        shutil.copyfile(stub, folder / stub.name)
