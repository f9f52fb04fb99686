"""Opening a message: who may, what it leaves behind, and what it never does."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode, aio

from chassis.caller import Caller
from chassis.public_keys import PublicKeys
from chassis.statements import StatementVerifier
from praxispost.attachments.v1 import attachments_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.drafting import create_draft, document
from tests.integration.messaging.post import Post, account, reason, refusing, service, staff


async def _written_to(post: Post) -> tuple[Caller, Caller, str]:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    sent = await post.send(physician, patient_id)
    return physician, account((practice_id, patient_id)), sent.message_id


async def test_the_patient_reads_and_the_practice_sees_two_green_ticks(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    opened = await post.open(patient, message_id)
    assert (opened.body, opened.summary.subject) == ("Alles in Ordnung.", "Ihr Befund")
    assert opened.summary.receipt.state == wire.RECEIPT_STATE_READ
    known = await post.receipt(physician, message_id)
    assert known.receipt == opened.summary.receipt
    assert known.receipt.read_by == wire.READER_PATIENT
    assert [each.kind for each in known.facts] == [
        wire.RECEIPT_FACT_KIND_QUEUED,
        wire.RECEIPT_FACT_KIND_OPENED,
    ]


async def test_a_representative_is_named_as_such(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    bound = patient.entitlements[0]
    mother = account((bound.tenant_id, bound.subject_id), kind="representative")
    await post.open(mother, message_id)
    assert (await post.receipt(physician, message_id)).receipt.read_by == wire.READER_REPRESENTATIVE


async def test_only_the_first_opening_is_a_fact(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    await asyncio.gather(*(post.open(patient, message_id) for _ in range(6)))
    assert len((await post.receipt(physician, message_id)).facts) == 2
    query = "SELECT envelope FROM outbox WHERE type = 'messaging.message_read'"
    told = [row for row in await post.rows(query) if message_id.encode() in row.envelope]
    assert len(told) == 1
    assert len((await post.changes(physician)).changes) == 2


async def test_every_reading_is_audited(post: Post) -> None:
    _, patient, message_id = await _written_to(post)
    for _ in range(2):
        await post.open(patient, message_id)
    query = "SELECT actor_id FROM audit WHERE object_id = :message AND action = 'message.opened'"
    rows = await post.rows(query, message=UUID(message_id))
    assert [row.actor_id for row in rows] == [patient.subject_id] * 2


async def test_staff_looking_at_what_they_sent_is_no_receipt(post: Post) -> None:
    physician, _, message_id = await _written_to(post)
    opened = await post.open(physician, message_id)
    assert opened.summary.receipt.state == wire.RECEIPT_STATE_QUEUED
    assert len((await post.receipt(physician, message_id)).facts) == 1


async def test_a_programs_reading_is_no_receipt_but_audited(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    replied = await post.reply(patient, message_id)
    program = staff(physician.tenants[0], role="practice_service")
    request = wire.GetMessageRequest(message_id=replied.message_id)
    got = (await post.stub.GetMessage(request, metadata=post.to(program))).message
    assert (got.body, got.summary.receipt.state) == ("Danke!", wire.RECEIPT_STATE_SENT)
    query = "SELECT action FROM audit WHERE actor_id = :actor"
    assert [row.action for row in await post.rows(query, actor=program.subject_id)] == ["message.read"]


async def test_what_is_somebody_elses_and_what_does_not_exist_look_the_same(post: Post) -> None:
    physician, _, message_id = await _written_to(post)
    practice_id = physician.tenants[0]
    sibling = account((practice_id, post.patient(practice_id)))
    attempts = [
        post.open(sibling, message_id),
        post.open(account((uuid4(), uuid4())), message_id, practice_id),
        post.open(account(), message_id, practice_id),
        post.open(staff(), message_id),
        post.open(staff(), message_id, practice_id),
        post.open(physician, str(uuid4())),
        post.receipt(staff(), message_id),
        post.receipt(physician, str(uuid4())),
    ]
    assert {await reason(each) for each in attempts} == {"MESSAGE_NOT_FOUND"}
    known = await post.receipt(physician, message_id)
    assert known.receipt.state == wire.RECEIPT_STATE_QUEUED


async def test_staff_need_not_name_their_practice_and_accounts_must(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    request = wire.OpenMessageRequest(message_id=message_id)
    await post.stub.OpenMessage(request, metadata=post.to(physician))
    assert (
        await reason(refusing(post.stub.OpenMessage(request, metadata=post.to(patient)))) == "INVALID_FIELD"
    )


async def test_patients_do_not_learn_who_of_the_practice_wrote(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    assert (await post.open(patient, message_id)).summary.author_id == ""
    assert (await post.open(physician, message_id)).summary.author_id == str(physician.subject_id)


async def test_content_that_was_moved_is_refused_without_a_receipt(post: Post) -> None:
    physician, patient, message_id = await _written_to(post)
    other = await post.send(physician, patient.entitlements[0].subject_id, body="Geheim.")
    await post.rows(
        "UPDATE message SET body = other.body FROM message AS other"
        " WHERE other.id = :other AND message.id = :moved RETURNING 1",
        other=UUID(other.message_id),
        moved=UUID(message_id),
    )
    with pytest.raises(aio.AioRpcError) as failed:
        await post.open(patient, message_id)
    assert failed.value.code() is StatusCode.INTERNAL
    assert "Geheim" not in repr(failed.value)
    assert len((await post.receipt(physician, message_id)).facts) == 1


async def test_a_grant_is_for_one_caller_one_document_and_a_minute(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    document_id = str(uuid4())
    post.neighbours.documents[document_id] = attachments_pb2.ClaimedAttachment(
        id=document_id, file_name="a.pdf", media_type="application/pdf", size=1, sha256=b"\1" * 32
    )
    sent = await post.send(physician, patient_id, attachment_ids=[document_id])
    patient = account((practice_id, patient_id))
    (attachment,) = (await post.open(patient, sent.message_id)).attachments
    verifier = StatementVerifier(
        PublicKeys.of(post.channel, "messaging"),
        issuer="messaging",
        audience="attachments-download",
        kind="grant",
        clock=lambda: datetime.now(UTC),
    )
    statement = await verifier.verify(attachment.grant)
    assert statement.claims["sub"] == str(patient.subject_id)
    assert (statement.claims["ten"], statement.claims["att"]) == (str(practice_id), document_id)
    assert (statement.expires_at - statement.issued_at).total_seconds() == 60


async def test_the_collector_learns_what_messages_and_drafts_have(post: Post) -> None:
    physician, other = staff(), staff()
    patient_id = post.patient(physician.tenants[0])
    sent, drafted, foreign, absent = (document(post) for _ in range(4))
    await post.send(physician, patient_id, attachment_ids=[sent])
    await create_draft(post, physician, patient_id, attachment_ids=[drafted])
    await post.send(other, post.patient(other.tenants[0]), attachment_ids=[foreign])
    request = wire.LookupAttachmentsRequest(
        practice_id=str(physician.tenants[0]), attachment_ids=[absent, foreign, drafted, sent]
    )
    found = await post.stub.LookupAttachments(request, metadata=post.to(service("attachments")))
    assert (list(found.sent_ids), list(found.drafted_ids)) == ([sent], [drafted])
    asking = refusing(post.stub.LookupAttachments(request, metadata=post.to(other)))
    assert await reason(asking) == "METHOD_NOT_ALLOWED"
