"""Where the parts of a checkout lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "development.txt"
PROTOS = ROOT / "protos"
GENERATED = BUILD / "protos"
STUBS = BUILD / "stubs"
