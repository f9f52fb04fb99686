"""The database itself keeps practices apart, lets nobody edit what was sent, and holds no content to read."""

from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from chassis.caller import Caller
from praxispost.attachments.v1 import attachments_pb2
from praxispost.identity.v1.events_pb2 import TaskKind, TaskOpened
from praxispost.messaging.v1 import work_pb2
from services.messaging.tables import metadata
from services.messaging.work.events import TaskEvents
from tests.integration.messaging.drafting import create_draft, document
from tests.integration.messaging.post import Post, Stores, account, staff

_OF_PRACTICES = [table.name for table in metadata.sorted_tables if "practice_id" in table.c]
# They say how things stand, and nothing of how that came about.
_PASSING = {"unread_message", "answering", "draft", "draft_attachment"}


def test_the_tables_are_those_that_the_migration_makes(messaging_stores: Stores) -> None:
    url = make_url(messaging_stores.owner_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


@pytest.mark.parametrize("table", _OF_PRACTICES)
async def test_a_transaction_sees_only_the_practices_it_was_opened_for(post: Post, table: str) -> None:
    physician, neighbour = staff(), staff()
    for each in (physician, neighbour):
        practice_id = each.tenants[0]
        patient_id, document_id = post.patient(practice_id), str(uuid4())
        post.neighbours.documents[document_id] = attachments_pb2.ClaimedAttachment(
            id=document_id, file_name="a", media_type="b", size=1, sha256=b"\1" * 32
        )
        sent = await post.send(each, patient_id, attachment_ids=[document_id])
        await create_draft(post, each, patient_id, attachment_ids=[document(post)])
        await _work_on(post, each, sent.conversation_id)
        await _guard(post, practice_id, sent.message_id)
    query = text(f"SELECT DISTINCT practice_id FROM {table}")
    async with post.database.transaction([physician.tenants[0]]) as tx:
        assert (await tx.execute(query)).scalars().all() == [physician.tenants[0]]
    async with post.database.transaction() as tx:
        assert (await tx.execute(query)).scalars().all() == []
    both = sorted([physician.tenants[0], neighbour.tenants[0]])
    async with post.database.transaction(both) as tx:
        assert sorted((await tx.execute(query)).scalars()) == both


async def _guard(post: Post, practice_id: UUID, message_id: str) -> None:
    """Something in each of the tables of the guard that a single message leaves empty."""
    held = "INSERT INTO held_message VALUES (:practice, :message, 'hash', now())"
    basis = "INSERT INTO legal_basis VALUES (:practice, 1, 'text', now(), :practice)"
    values = {"practice": practice_id, "message": UUID(message_id)}
    async with post.database.transaction([practice_id]) as tx:
        await tx.execute(text(held), values)
        await tx.execute(text(basis), values)


async def _work_on(post: Post, member: Caller, conversation_id: str) -> None:
    """Something in each of the tables of the practice's work."""
    assign = work_pb2.AssignRequest(conversation_id=conversation_id, staff_id=str(member.subject_id))
    await post.work.Assign(assign, metadata=post.to(member))
    announce = work_pb2.AnnounceAnsweringRequest(conversation_id=conversation_id)
    await post.work.AnnounceAnswering(announce, metadata=post.to(member))
    opened = TaskOpened(patient_id=str(uuid4()), kind=TaskKind.TASK_KIND_WHO_READS)
    await post.hear(TaskEvents(post.clock).opened, member.tenants[0], uuid4(), 1, opened)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE message SET body = 'x'",
        "UPDATE message SET subject = 'x'",
        "UPDATE message SET sent_at = now()",
        "UPDATE message SET reply_until = NULL",
        "UPDATE message SET legal_basis = 1",
        "UPDATE held_message SET text_hash = 'x'",
        "UPDATE legal_basis SET text = 'x'",
        "UPDATE message SET due_at = now()",
        "UPDATE message SET erased_at = now()",
        "UPDATE draft_attachment SET size = 0",
        "UPDATE receipt_fact SET at = now()",
        "UPDATE message_attachment SET size = 0",
        "UPDATE change SET sequence = 0",
        "UPDATE audit SET why = 'x'",
        *(f"DELETE FROM {table}" for table in _OF_PRACTICES if table not in _PASSING),
    ],
)
async def test_what_was_sent_and_what_happened_cannot_be_changed(post: Post, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with post.database.transaction([uuid4()]) as tx:
            await tx.execute(text(statement))


async def test_a_row_cannot_be_written_for_another_practice(post: Post) -> None:
    statement = text("INSERT INTO practice_sequence VALUES (:practice, 1)")
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with post.database.transaction([uuid4()]) as tx:
            await tx.execute(statement, {"practice": uuid4()})


async def test_no_content_can_be_read_from_the_database(post: Post) -> None:
    physician = staff()
    patient_id, document_id = post.patient(physician.tenants[0]), str(uuid4())
    post.neighbours.documents[document_id] = attachments_pb2.ClaimedAttachment(
        id=document_id,
        file_name="KANARIE-NAME",
        media_type="text/plain",
        size=1,
        sha256=b"KANARIE-HASH-5432109876543210ABC",
    )
    sent = await post.send(
        physician, patient_id, subject="KANARIE-BETREFF", body="KANARIE-TEXT", attachment_ids=[document_id]
    )
    patient = account((physician.tenants[0], patient_id))
    await post.reply(patient, sent.message_id, body="KANARIE-ANTWORT")
    await post.mailbox(patient)
    await post.open(patient, sent.message_id)
    document_id = document(post, file_name="KANARIE-NAME", sha256=b"KANARIE-HASH-5432109876543210ABC")
    draft = {"subject": "KANARIE-BETREFF", "body": "KANARIE-TEXT", "attachment_ids": [document_id]}
    await create_draft(post, physician, patient_id, **draft)
    tables = [
        row.tablename
        for row in await post.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    for table in tables:
        dump = await post.rows(
            f"SELECT encode(convert_to(t::text, 'UTF8'), 'escape') AS line FROM {table} AS t"
        )
        for row in dump:
            assert "KANARIE" not in row.line
            assert b"KANARIE".hex() not in row.line
    assert {"message", "message_attachment", "request", "outbox"} <= set(tables)
