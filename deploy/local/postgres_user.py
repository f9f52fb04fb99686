"""The account that PostgreSQL runs under when the starter is root, as which it refuses to run."""

import os
import pwd
import subprocess
from pathlib import Path

_NAME = "praxispost-local"


def ensure(reachable: list[Path], owned: Path) -> str | None:
    """The account's name, made if there is none; None if the starter is not root.

    It is let through the folders above `reachable` (to pass, not to list them), and `owned` is given to it.
    """
    if os.geteuid() != 0:
        return None
    account = _account()
    for path in reachable:
        for folder in path.resolve().parents:
            mode = folder.stat().st_mode
            if not mode & 0o001:
                folder.chmod(mode | 0o001)
    if owned.stat().st_uid != account.pw_uid:
        os.chown(owned, account.pw_uid, account.pw_gid)
    return _NAME


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        # Two runs may meet here: what counts is that the account is there afterwards.
        subprocess.run([*command, _NAME], check=False, capture_output=True)
        return pwd.getpwnam(_NAME)
