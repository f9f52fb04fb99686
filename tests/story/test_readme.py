"""What README.md shows runs."""

import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from praxispost.identity.v1.service_accounts_pb2 import CreateServiceAccountRequest
from praxispost.messaging.v1 import messaging_pb2
from tests.story.cast import Contact, Practice, Stage, new_id, receipt, unique_email, unique_mobile

ROOT = Path(__file__).parents[2]


def program_in_readme() -> str:
    """The one Python program that README.md shows."""
    [program] = re.findall(r"```python\n(.+?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(program)


def test_the_program_in_the_readme_sends_a_message(stage: Stage) -> None:
    practice = Practice.opened(stage, "Praxis mit Programm")
    contact = Contact("Rita", "Readme", "1990-05-05", unique_email("rita"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    made = practice.admin.service_accounts.CreateServiceAccount(
        CreateServiceAccountRequest(request_id=new_id(), label="Laborsystem")
    )
    settings = {
        "IDENTITY": stage.targets.identity,
        "MESSAGING": stage.targets.messaging,
        "ACCOUNT": made.account_id,
        "SECRET": made.secret,
        "PATIENT": patient_id,
    }
    ran = subprocess.run(
        [sys.executable, "-c", program_in_readme()],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    message_id = str(UUID(ran.stdout.strip()))
    assert receipt(practice.admin, message_id).state != messaging_pb2.RECEIPT_STATE_FAILED
    stage.post.prompt(contact.email)


def test_the_program_in_the_readme_is_ten_lines_long() -> None:
    assert len([line for line in program_in_readme().splitlines() if line]) == 10
