"""What docs/api.md shows runs from top to bottom, on nothing but the package that it names."""

import os
import re
import subprocess
import sys
import zipfile

import pytest

from deploy.local.processes import ROOT
from praxispost.identity.v1.service_accounts_pb2 import CreateServiceAccountRequest
from scripts import client
from tests.story.cast import Contact, Practice, Stage, new_id, unique_email, unique_mobile

_OWN_STUBS = "import praxispost\nassert '.whl' in praxispost.__file__, praxispost.__file__\n"


def program_of_the_guide() -> str:
    """All its Python, in order."""
    blocks = re.findall(r"```python\n(.+?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    assert len(blocks) == 8
    return "\n".join(blocks)


@pytest.fixture(scope="module")
def wheel() -> str:
    """The client package, as another system would install it."""
    return str(client.build())


def test_the_guide_runs_with_the_client_package(stage: Stage, wheel: str) -> None:
    practice = Practice.opened(stage, "Praxis mit Labor")
    contact = Contact("Gudrun", "Guide", "1990-05-05", unique_email("gudrun"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    made = practice.admin.service_accounts.CreateServiceAccount(
        CreateServiceAccountRequest(request_id=new_id(), label="Labor")
    )
    settings = {
        "IDENTITY": stage.targets.identity,
        "MESSAGING": stage.targets.messaging,
        "ATTACHMENTS": stage.targets.attachments,
        "ACCOUNT": made.account_id,
        "SECRET": made.secret,
        "PATIENT": patient_id,
        "PYTHONPATH": wheel,
    }
    ran = subprocess.run(
        [sys.executable, "-c", _OWN_STUBS + program_of_the_guide()],
        env=os.environ | settings,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("RECEIPT_STATE_"), ran.stdout
    stage.post.prompt(contact.email)


def test_the_client_package_is_typed_and_holds_only_contracts(wheel: str) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "praxispost/py.typed" in names
    assert "praxispost/messaging/v1/messaging_pb2_grpc.pyi" in names
    assert all(name.startswith(("praxispost/", "praxispost_client-")) for name in names)
