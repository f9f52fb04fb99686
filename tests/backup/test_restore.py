"""A system is backed up and lost: another one, restored, has all that was acknowledged before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from deploy.local.data_folder import DataFolder
from deploy.local.system import TEMPORARY_FOLDERS, System
from deploy.local.waiting import until
from praxispost.identity.v1 import (
    account_changes_pb2,
    account_changes_pb2_grpc,
    patients_pb2,
    step_up_pb2,
    step_up_pb2_grpc,
)
from praxispost.messaging.v1 import drafts_pb2, messaging_pb2, withdrawals_pb2
from tests.backup.losing import another, lose, owners, reader, run_backup
from tests.story.callers import Caller
from tests.story.cast import (
    PERSON_PASSWORD,
    STAFF_PASSWORD,
    Contact,
    Document,
    Practice,
    Stage,
    download,
    log_in,
    message_to,
    new_id,
    receipt,
    refusal_of,
    register,
    tick,
    unique_email,
    unique_mobile,
    upload,
)
from tests.story.stage import stage_on

FINDINGS = Document("Befund.pdf", "application/pdf", b"%PDF-1.7\n" + b"Blutbild und Leberwerte\n" * 9_000)
BODY = "Ihr Cholesterin ist leicht erhöht."
ANSWER = "Danke. Soll ich die Tabletten weiter nehmen?"
DESTROYED_SECONDS = 90.0


@dataclass
class Case:
    """Who was there before the loss, and what they were told is stored."""

    folder: Path
    practice: Practice
    contact: Contact
    patient_id: str
    patient: Caller
    read_id: str
    answer_id: str
    misdirected_id: str
    leaving: Contact
    leaving_id: str
    unprompted: Contact = field(init=False)
    unprompted_id: str = field(init=False)
    draft: drafts_pb2.CreateDraftResponse = field(init=False)
    said: list[str] = field(default_factory=list)


def played(stage: Stage, folder: Path) -> Case:
    """A message with a document is read and answered; another, with the same document, is misdirected."""
    practice = Practice.opened(stage, "Praxis am Deich")
    contact = Contact("Jörg", "Sturm", "1958-03-17", unique_email("joerg"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    sent = []
    for subject, body in (("Laborwerte", BODY), ("Fehlgeleitet", "Nicht für Sie.")):
        document_id = upload(practice.admin, practice.id, patient_id, FINDINGS)
        request = message_to(patient_id, subject, body, attachment_ids=[document_id])
        sent.append(practice.admin.messages.SendMessage(request).message_id)
    read_id, misdirected_id = sent
    for each in sent:
        tick(practice.admin, each, messaging_pb2.RECEIPT_STATE_SENT)
    patient = register(stage, contact)
    patient.messages.OpenMessage(
        messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=read_id)
    )
    answer = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=practice.id, in_reply_to=read_id, body=ANSWER
    )
    answer_id = patient.messages.SendReply(answer).message_id
    leaving = Contact("Wanda", "Weg", "1980-05-06", unique_email("wanda"), unique_mobile())
    leaving_id = practice.record(practice.admin, leaving)
    register(stage, leaving)
    return Case(
        folder,
        practice,
        contact,
        patient_id,
        patient,
        read_id,
        answer_id,
        misdirected_id,
        leaving,
        leaving_id,
    )


def still_under_way(system: System, case: Case) -> None:
    """A draft, and a message whose event has left messaging and reached nobody."""
    admin = case.practice.admin
    case.draft = admin.drafts.CreateDraft(
        drafts_pb2.CreateDraftRequest(
            request_id=new_id(),
            patient_id=case.patient_id,
            content=drafts_pb2.DraftContent(
                purpose=messaging_pb2.PURPOSE_FINDINGS, subject="Entwurf", body="Noch nicht fertig."
            ),
        )
    )
    case.unprompted = Contact("Uta", "Unterwegs", "1971-01-02", unique_email("uta"), unique_mobile())
    patient_id = case.practice.record(admin, case.unprompted)
    system.processes["notifier-intake"].stop()
    case.unprompted_id = admin.messages.SendMessage(message_to(patient_id)).message_id
    url = system.stores.postgres.database("messaging").owner
    until(lambda: _count(url, "outbox WHERE published_at IS NULL") == 0, "all events are published", 20)


def leave(stage: Stage, system: System, case: Case) -> None:
    """An account is deleted, and its key destroyed."""
    url = system.stores.postgres.database("identity_keys").owner
    before = _count(url, "subject_key")
    leaving = log_in(stage, case.leaving)
    changes: account_changes_pb2_grpc.AccountChangeServiceStub = (
        account_changes_pb2_grpc.AccountChangeServiceStub(leaving.channel("identity"))
    )
    changes.DeleteAccount(account_changes_pb2.DeleteAccountRequest(password=PERSON_PASSWORD))
    until(lambda: _count(url, "subject_key") < before, "the key is destroyed", DESTROYED_SECONDS)


def erase(system: System, case: Case) -> None:
    """The misdirected message is erased and the draft thrown away; their keys are destroyed."""
    admin = case.practice.admin
    url = system.stores.postgres.database("messaging_keys").owner
    before = _count(url, "data_key")
    admin.withdrawals.WithdrawMessage(
        withdrawals_pb2.WithdrawMessageRequest(
            message_id=case.misdirected_id, withdrawal_reason=messaging_pb2.WITHDRAWAL_REASON_MISDIRECTED
        )
    )
    steps: step_up_pb2_grpc.StepUpServiceStub = step_up_pb2_grpc.StepUpServiceStub(admin.channel("identity"))
    stepping_up = step_up_pb2.StepUpRequest(
        password=STAFF_PASSWORD,
        purpose=step_up_pb2.STEP_UP_PURPOSE_ERASE_CONTENT,
        object_id=case.misdirected_id,
    )
    admin.withdrawals.EraseContent(
        withdrawals_pb2.EraseContentRequest(
            message_id=case.misdirected_id, step_up=steps.StepUp(stepping_up).statement
        )
    )
    admin.drafts.DeleteDraft(
        drafts_pb2.DeleteDraftRequest(draft_id=case.draft.draft_id, version=case.draft.version)
    )
    until(lambda: _count(url, "data_key") <= before - 2, "the keys are destroyed", DESTROYED_SECONDS)


def _count(url: str, what: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {what}".encode()).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Backed up while things were under way; then something was erased, and the keys backed up; then lost."""
    folder = tmp_path_factory.mktemp("backup")
    system = System(DataFolder.temporary(TEMPORARY_FOLDERS))
    try:
        system.start()
        with stage_on(system.address_book) as stage:
            case = played(stage, folder / "backups")
            still_under_way(system, case)
            urls = reader(system.stores.postgres)
            case.said.append(run_backup("make", case.folder, stores=system.stores, urls=urls))
            system.restart("notifier-intake")
            leave(stage, system, case)
            erase(system, case)
            case.said.append(run_backup("make", "--only-keys", case.folder, stores=system.stores, urls=urls))
    finally:
        lose(system, folder / "kept")
    return case


@pytest.fixture(scope="module")
def system(lost: Case) -> Iterator[System]:
    """Another system, in which nothing was."""
    system = another(lost.folder.parent / "kept")
    try:
        yield system
    finally:
        system.stop()
        system.data.remove()


@pytest.fixture(scope="module")
def restored(lost: Case, system: System) -> Iterator[Stage]:
    """The same with what was restored, at work."""
    system.stores.postgres.start()
    system.stores.s3.start()
    urls = owners(system.stores.postgres)
    lost.said.append(run_backup("restore", lost.folder, stores=system.stores, urls=urls))
    lost.said.append(run_backup("prune", lost.folder, stores=system.stores, urls=urls))
    system.start()
    with stage_on(system.address_book) as stage:
        yield stage


def opened(caller: Caller, message_id: str, practice_id: str = "") -> messaging_pb2.Message:
    request = messaging_pb2.OpenMessageRequest(practice_id=practice_id, message_id=message_id)
    return caller.messages.OpenMessage(request).message


def is_bound(practice: Practice, patient_id: str) -> bool:
    request = patients_pb2.GetPatientRequest(patient_id=patient_id)
    return practice.admin.patients.GetPatient(request).patient.contact.bound


def test_messages_answers_and_ticks_are_there(lost: Case, restored: Stage) -> None:
    admin = lost.practice.admin
    assert opened(admin, lost.read_id).body == BODY
    assert opened(admin, lost.answer_id).body == ANSWER
    assert opened(lost.patient, lost.read_id, lost.practice.id).body == BODY
    assert receipt(admin, lost.read_id).state == messaging_pb2.RECEIPT_STATE_READ


def test_documents_have_the_same_bytes(lost: Case, restored: Stage) -> None:
    for caller, practice_id in ((lost.practice.admin, ""), (lost.patient, lost.practice.id)):
        [attachment] = opened(caller, lost.read_id, practice_id).attachments
        assert download(caller, practice_id, attachment.id, attachment.grant) == FINDINGS.content


def test_what_was_erased_after_the_backup_stays_erased(lost: Case, restored: Stage) -> None:
    opening = messaging_pb2.OpenMessageRequest(message_id=lost.misdirected_id)
    assert refusal_of(lost.practice.admin.messages.OpenMessage, opening).reason == "CONTENT_ERASED"
    facts = lost.practice.admin.messages.GetReceipt(
        messaging_pb2.GetReceiptRequest(message_id=lost.misdirected_id)
    ).facts
    assert messaging_pb2.RECEIPT_FACT_KIND_ERASED in [each.kind for each in facts]


def test_owners_are_limited_to_practices_as_before(lost: Case, system: System, restored: Stage) -> None:
    """What settling lifts for a moment, to find what lost its key, is as it was."""
    for name in ("identity", "messaging", "attachments", "notifier"):
        with psycopg.connect(system.stores.postgres.database(name).owner) as connection:
            query = "SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity"
            assert connection.execute(query).fetchall() == []


def test_whoever_left_after_the_backup_is_gone_and_may_come_again(lost: Case, restored: Stage) -> None:
    assert not is_bound(lost.practice, lost.leaving_id)
    register(restored, lost.leaving)
    assert is_bound(lost.practice, lost.leaving_id)
    again = log_in(restored, lost.leaving)
    assert not again.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages


def test_lists_in_which_something_was_erased_can_be_read(lost: Case, restored: Stage) -> None:
    history = lost.practice.admin.messages.ListMessages(
        messaging_pb2.ListMessagesRequest(patient_id=lost.patient_id)
    ).messages
    assert {each.id: each.subject for each in history}[lost.read_id] == "Laborwerte"
    assert {each.id: each.subject for each in history}[lost.misdirected_id] == ""
    mailbox = lost.patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert lost.read_id in [each.id for each in mailbox]
    assert not lost.practice.admin.drafts.ListDrafts(drafts_pb2.ListDraftsRequest()).drafts


def test_an_event_that_was_under_way_arrives(lost: Case, restored: Stage) -> None:
    restored.post.prompt(lost.unprompted.email)
    tick(lost.practice.admin, lost.unprompted_id, messaging_pb2.RECEIPT_STATE_SENT)


def test_sending_goes_on_and_nobody_is_prompted_twice(lost: Case, restored: Stage) -> None:
    admin = lost.practice.admin
    document_id = upload(admin, lost.practice.id, lost.patient_id, FINDINGS)
    request = message_to(lost.patient_id, "Ihr Termin", "Bis Montag.", attachment_ids=[document_id])
    message_id = admin.messages.SendMessage(request).message_id
    tick(admin, message_id, messaging_pb2.RECEIPT_STATE_SENT)
    assert opened(lost.patient, message_id, lost.practice.id).body == "Bis Montag."
    assert len(restored.post.all_mails(lost.contact.email)) == 1


def test_the_folder_holds_objects_data_and_keys_apart(lost: Case, restored: Stage) -> None:
    [data] = (lost.folder / "data").iterdir()
    assert {each.name for each in data.glob("*.dump")} == {
        f"{name}.dump" for name in ("attachments", "identity", "messaging", "notifier")
    }
    assert len(json.loads((data / "objects.json").read_text())) == 2
    assert len([each for each in (lost.folder / "objects").rglob("*") if each.is_file()]) == 2
    assert len(list((lost.folder / "keys").iterdir())) == 2
    everything = b"".join(each.read_bytes() for each in lost.folder.rglob("*") if each.is_file())
    assert b"Cholesterin" not in everything
