"""The keys that wrap a service's keys: in a deployment a mounted secret, here a folder of files."""

import base64
import secrets
from pathlib import Path

from deploy.local.data_folder import DataFolder


def ensure(data: DataFolder, service: str) -> Path:
    """The folder with the service's wrapping keys: files 1, 2, … each 32 random bytes in base64."""
    folder = data.part("wrapping-keys") / service
    folder.mkdir(mode=0o700, exist_ok=True)
    first = folder / "1"
    if not first.exists():
        first.touch(mode=0o600)
        first.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    return folder
