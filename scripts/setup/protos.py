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
    _generate_stubs()
    _STAMP.write(inputs)


def anew() -> None:
    _STAMP.forget()
    ensure()


def _generate(sources: list[Path], into: Path) -> None:
    outputs = ("python", "grpc_python", "mypy", "mypy_grpc")
    _protoc(PROTOS, sources, *(f"--{output}_out={into}" for output in outputs))


def _protoc(root: Path, sources: list[Path], *outputs: str) -> None:
    files = [str(source.relative_to(root)) for source in sources]
    search = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(VENV_PYTHON), "-m", "grpc_tools.protoc", f"--proto_path={root}", *outputs, *files],
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


def _generate_stubs() -> None:
    """google.rpc, of which the refusals are made, comes without types: its protos give them."""
    shutil.rmtree(STUBS, ignore_errors=True)
    STUBS.mkdir(parents=True)
    root = site_packages()
    names = ("code", "status", "error_details")
    _protoc(root, [root / "google" / "rpc" / f"{name}.proto" for name in names], f"--mypy_out={STUBS}")
    (STUBS / "google" / "rpc" / "__init__.pyi").write_text("")
