"""`make pictures`: README's two pictures, from those that the browser tests' story has just taken."""

import sys
from pathlib import Path
from typing import Final

from PIL import Image

from scripts.setup.layout import BUILD, ROOT

_TAKEN: Final = BUILD / "browser"
_KEPT: Final = ROOT / "docs" / "pictures"
_STORY: Final = "a_practice_writes_and_the_patient_reads_and_answers"
_PICTURES: Final = {"practice.webp": "8-desk-answer", "patient.webp": "6-phone-answered"}


def _keep(taken: Path, kept: Path) -> None:
    with Image.open(taken) as picture:
        # Nothing is lost, least of all the green of the ticks; still it is half as large as PNG.
        picture.convert("RGB").save(kept, lossless=True, quality=100, method=6)


def main() -> int:
    """The exit code: 1 where the story has not been played yet."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    for name, step in _PICTURES.items():
        taken = _TAKEN / f"{_STORY}-{step}.png"
        if not taken.exists():
            print(f"{taken} is missing: play the story first, with make browser SHORT=1", file=sys.stderr)
            return 1
        _keep(taken, _KEPT / name)
        print(f"docs/pictures/{name}: {(_KEPT / name).stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
