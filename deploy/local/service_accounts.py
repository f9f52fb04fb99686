"""The platform's service accounts: their ids and secrets are made here, as a deployment would bring them."""

import json
import sys
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deploy.local.data_folder import DataFolder
from deploy.local.processes import Command, run_to_end
from deploy.local.services import ACCOUNT_ROLES


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What a program shows identity to get its tokens."""

    id: str
    secret: str


class ServiceAccounts:
    """One account for each role, the same for the life of the data folder."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._made = data.path / "service-accounts.json"
        self._ids = self._read_or_choose_ids()

    def of(self, role: str) -> ServiceAccount:
        return ServiceAccount(self._ids[role], self._data.secret(f"service-account-{role}"))

    def make(self, environment: Mapping[str, str]) -> None:
        """Make them in identity, which `environment` is for, unless that has been done before."""
        if self._made.exists():
            return
        # The first one alone: it makes identity's own keys, for which the others would only queue up.
        first, *others = ACCOUNT_ROLES
        self._make_one(first, environment)
        with ThreadPoolExecutor(max_workers=3) as pool:
            for making in [pool.submit(self._make_one, role, environment) for role in others]:
                making.result()
        self._made.write_text(json.dumps(self._ids, indent=2) + "\n")

    def _make_one(self, role: str, environment: Mapping[str, str]) -> None:
        secret_file = self._data.secret_file(f"service-account-{role}")
        module = (sys.executable, "-m", "services.identity", "service-account")
        options = ("--role", role, "--id", self._ids[role], "--secret-file", secret_file)
        run_to_end(Command(f"service-account-{role}", [*module, *options], environment), self._data)

    def _read_or_choose_ids(self) -> dict[str, str]:
        if self._made.exists():
            known: dict[str, str] = json.loads(self._made.read_text())
            return known
        return {role: str(uuid.uuid4()) for role in ACCOUNT_ROLES}
