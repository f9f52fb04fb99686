"""`python -m deploy.backup`: see the package."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from chassis.settings import SettingsError, load
from deploy.backup import work
from deploy.backup.databases import BackupFailed
from deploy.backup.folder import Folder
from deploy.backup.settings import BackupSettings

PREFIX = "PRAXISPOST_BACKUP_"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.backup")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make a backup")
    make.add_argument(
        "--only-keys", action="store_true", help="of the key databases only: often, at least hourly"
    )
    restore = commands.add_parser(
        "restore", help="restore into empty databases: data of one backup, newest keys"
    )
    restore.add_argument("--backup", help="the data's backup, by the name of its folder; else the newest")
    restore.add_argument(
        "--parts", nargs="+", choices=work.PARTS, default=work.PARTS, help="what was lost; else everything"
    )
    prune = commands.add_parser("prune", help="remove keys that are older than seven days")
    prune.add_argument("--data-days", type=int, help="remove data, too, that are older")
    for each in (make, restore, prune):
        each.add_argument("folder", type=Path)
    return parser.parse_args()


def _do(arguments: argparse.Namespace, settings: BackupSettings) -> int:
    with Folder.opened(arguments.folder) as folder:
        if arguments.command == "make":
            for made in work.make(folder, settings, only_keys=arguments.only_keys):
                print(made.path)
        elif arguments.command == "restore":
            print(work.restore(folder, settings, arguments.backup, arguments.parts).path)
        elif not work.prune(folder, settings, datetime.now(UTC), arguments.data_days):
            print("the newest backup of keys is older than seven days: make one, then prune", file=sys.stderr)
            return 1
    return 0


def main() -> int:
    os.umask(0o077)
    arguments = _arguments()
    try:
        return _do(arguments, load(BackupSettings, os.environ, PREFIX))
    except (BackupFailed, SettingsError) as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
