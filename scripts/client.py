"""`make client`: builds the Python package for other systems, a wheel of typed stubs."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from chassis.version import VERSION
from scripts.setup.layout import BUILD, GENERATED, PROTOS, VENV_PYTHON

_FOLDER: Final = BUILD / "client"


def build() -> Path:
    """The wheel, built anew from the generated stubs; raises CalledProcessError with what hatchling said."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    shutil.copytree(PROTOS / "client", _FOLDER)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(GENERATED / "praxispost", _FOLDER / "praxispost", ignore=ignored)
    (_FOLDER / "praxispost" / "client_version.py").write_text(f'__version__ = "{VERSION}"\n')
    command = [str(VENV_PYTHON), "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(command, cwd=_FOLDER, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    [wheel] = (_FOLDER / "dist").glob("*.whl")
    return wheel


if __name__ == "__main__":
    print(build())
    sys.exit(0)
