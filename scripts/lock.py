"""`make lock`: resolves requirements/*.in for every supported Python into lock files with hashes."""

import os
import subprocess
import sys

from scripts.setup.layout import ROOT, VENV

_OPTIONS = (
    "--quiet",
    "--native-tls",
    "--universal",
    "--upgrade",
    "--python-version=3.11",
    "--generate-hashes",
    # The lock holds on any machine: where packages come from is the machine's business.
    "--no-emit-index-url",
    "--no-emit-find-links",
)


def _compile(name: str, *constraints: str) -> None:
    subprocess.run(
        [
            VENV / "bin" / "uv",
            "pip",
            "compile",
            *_OPTIONS,
            *constraints,
            f"{name}.in",
            f"--output-file={name}.txt",
        ],
        cwd=ROOT / "requirements",
        env={**os.environ, "UV_CUSTOM_COMPILE_COMMAND": "make lock"},
        check=True,
    )


def main() -> int:
    _compile("runtime")
    _compile("development", "--constraint=runtime.txt")
    _compile("chart")
    for file in sorted((ROOT / "requirements" / "images").glob("*.in")):
        # What an image holds is what the tests ran with.
        pinned = "development" if file.stem == "build" else "runtime"
        _compile(f"images/{file.stem}", f"--constraint={pinned}.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
