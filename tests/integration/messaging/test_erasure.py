"""Erased content is gone from copies of the database, too: with its key, and with nothing but its key."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from chassis.caller import Caller
from chassis.data_keys import destroy_data_keys
from chassis.database import undo_at_end
from chassis.doomed_keys import DoomedDataKeys
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from chassis.refusal import Refusal
from chassis.settings import load
from praxispost.messaging.v1 import drafts_pb2, withdrawals_pb2
from services.messaging import worker
from services.messaging.messages.sealing import ContentSealer
from services.messaging.settings import WorkerSettings
from tests.integration.chassis.waiting import eventually
from tests.integration.messaging.drafting import (
    create_draft,
    document,
    drafts_of,
    stepped_up,
    withdraw,
    withdrawals_of,
)
from tests.integration.messaging.erasing import destroy_due, is_doomed, thief_of
from tests.integration.messaging.post import Post, Stores, account, open_post, reason, staff

_NOWHERE = "127.0.0.1:9"


async def _erase(post: Post, admin: Caller, message_id: str) -> None:
    await withdraw(post, admin, message_id)
    step_up = stepped_up(post, admin, message_id)
    request = withdrawals_pb2.EraseContentRequest(message_id=message_id, step_up=step_up)
    await withdrawals_of(post).EraseContent(request, metadata=post.to(admin))


async def _draft(post: Post, caller: Caller, draft_id: str) -> str:
    request = drafts_pb2.GetDraftRequest(draft_id=draft_id)
    got = await drafts_of(post).GetDraft(request, metadata=post.to(caller))
    return got.draft.content.body


async def test_a_copy_from_before_the_erasure_opens_with_no_key_there_is(
    post: Post, messaging_stores: Stores
) -> None:
    admin = staff(role="admin")
    patient_id = post.patient(admin.tenants[0])
    attached = [document(post)]
    erased = (await post.send(admin, patient_id, body="Fehlgeleitet.", attachment_ids=attached)).message_id
    kept = (await post.send(admin, patient_id, body="Alles gut.")).message_id
    answer = (await post.reply(account((admin.tenants[0], patient_id)), kept)).message_id
    draft_id = (await create_draft(post, admin, patient_id, body="Entwurf.")).draft_id
    async with thief_of(post, messaging_stores) as thief:
        copied = await thief.copy("message", erased)
        assert await thief.reads(copied) == "Fehlgeleitet."
        await _erase(post, admin, erased)
        await destroy_due(post, messaging_stores.keys_database_url)
        assert await thief.reads(copied) is None
        for table, row_id, body in (
            ("message", kept, "Alles gut."),
            ("message", answer, "Danke!"),
            ("draft", draft_id, "Entwurf."),
        ):
            assert await thief.reads(await thief.copy(table, row_id)) == body
    assert not await is_doomed(post, copied.key_id)
    assert await reason(post.open(admin, erased)) == "CONTENT_ERASED"


async def test_a_process_that_remembers_no_key_reads_all_the_rest(
    post: Post, messaging_stores: Stores
) -> None:
    admin = staff(role="admin")
    patient_id = post.patient(admin.tenants[0])
    sent = [(await post.send(admin, patient_id, subject=f"Nr. {n}")).message_id for n in range(3)]
    draft_id = (await create_draft(post, admin, patient_id, body="Entwurf.")).draft_id
    await _erase(post, admin, sent[1])
    await destroy_due(post, messaging_stores.keys_database_url)
    async with open_post(messaging_stores) as fresh:
        history = (await fresh.history(admin, patient_id)).messages
        assert [each.subject for each in history] == ["Nr. 2", "", "Nr. 0"]
        for message_id in (sent[0], sent[2]):
            assert (await fresh.open(admin, message_id)).body == "Alles in Ordnung."
        mailbox = (await fresh.mailbox(account((admin.tenants[0], patient_id)))).messages
        assert [each.subject for each in mailbox] == ["Nr. 2", "", "Nr. 0"]
        assert await _draft(fresh, admin, draft_id) == "Entwurf."


async def test_the_worker_destroys_the_key_without_being_asked(post: Post, messaging_stores: Stores) -> None:
    admin = staff(role="admin")
    message_id = (await post.send(admin, post.patient(admin.tenants[0]))).message_id
    post.clock.ahead = -timedelta(hours=1)
    await _erase(post, admin, message_id)
    settings = load(
        WorkerSettings,
        {
            "PRAXISPOST_DATABASE_URL": messaging_stores.database_url,
            "PRAXISPOST_KEYS_DATABASE_URL": messaging_stores.keys_database_url,
            "PRAXISPOST_METRICS_PORT": "0",
            "PRAXISPOST_AMQP_URL": f"amqp://guest:guest@{_NOWHERE}//",
        },
    )
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(settings, stop))
    [row] = await post.rows("SELECT key_id FROM message WHERE id = :id", id=UUID(message_id))

    async def is_gone() -> bool:
        return not await is_doomed(post, row.key_id)

    await eventually(is_gone)
    stop.set()
    await running
    keys = KeyDatabase(messaging_stores.keys_database_url)
    async with keys.transaction() as tx:
        left = await tx.execute(text("SELECT 1 FROM data_key WHERE id = :id"), {"id": row.key_id})
        assert left.all() == []
    await keys.close()


async def test_nothing_is_destroyed_under_who_has_just_read_the_row(
    post: Post, messaging_stores: Stores
) -> None:
    admin = staff(role="admin")
    message_id = (await post.send(admin, post.patient(admin.tenants[0]))).message_id
    async with thief_of(post, messaging_stores) as thief:
        copied = await thief.copy("message", message_id)
        await _erase(post, admin, message_id)
        await DoomedDataKeys(post.database, thief.database, post.clock).destroy_due()
        assert await thief.reads(copied) == "Alles in Ordnung."
        assert await is_doomed(post, copied.key_id)


async def test_what_a_crash_left_over_is_finished_later(post: Post, messaging_stores: Stores) -> None:
    admin = staff(role="admin")
    patient_id = post.patient(admin.tenants[0])
    sent = [(await post.send(admin, patient_id)).message_id for _ in range(2)]
    async with thief_of(post, messaging_stores) as thief:
        before, between = [await thief.copy("message", each) for each in sent]
        for message_id in sent:
            await _erase(post, admin, message_id)
        with pytest.raises(Refusal, match="DEPENDENCY_UNAVAILABLE"):
            await destroy_due(post, "postgresql://nobody@127.0.0.1:9/nothing")
        assert await is_doomed(post, before.key_id)
        await destroy_data_keys(thief.database, [between.key_id])
        await destroy_due(post, messaging_stores.keys_database_url)
        for copied in (before, between):
            assert not await is_doomed(post, copied.key_id)
            assert await thief.reads(copied) is None


async def test_an_erasure_that_is_undone_dooms_nothing(post: Post) -> None:
    admin = staff(role="admin")
    practice_id = admin.tenants[0]
    message_id = (await post.send(admin, post.patient(practice_id))).message_id
    [row] = await post.rows("SELECT key_id FROM message WHERE id = :id", id=UUID(message_id))
    function = text("SELECT erase_content(:practice, :message, now())")
    async with post.database.transaction([practice_id]) as tx:
        await tx.execute(function, {"practice": practice_id, "message": UUID(message_id)})
    assert not await is_doomed(post, row.key_id)
    await withdraw(post, admin, message_id)
    async with post.database.transaction([practice_id]) as tx:
        await tx.execute(function, {"practice": practice_id, "message": UUID(message_id)})
        undo_at_end(tx)
    assert not await is_doomed(post, row.key_id)
    assert (await post.open(admin, message_id)).body == "Alles in Ordnung."


async def test_sends_and_opens_during_erasures_lose_nothing(post: Post, messaging_stores: Stores) -> None:
    admin = staff(role="admin")
    patient_id = post.patient(admin.tenants[0])
    patient = account((admin.tenants[0], patient_id))
    doomed = [(await post.send(admin, patient_id)).message_id for _ in range(5)]
    kept = [(await post.send(admin, patient_id)).message_id for _ in range(5)]
    url = messaging_stores.keys_database_url

    async def write(number: int) -> str:
        sender, body = (post, f"Nr. {number}") if number % 2 else (other, f"Nr. {number}")
        return (await sender.send(admin, patient_id, body=body)).message_id

    async with open_post(messaging_stores) as other:
        other.neighbours.states.update(post.neighbours.states)
        written, *_ = await asyncio.gather(
            asyncio.gather(*(write(number) for number in range(20))),
            asyncio.gather(*(_erase(post, admin, each) for each in doomed)),
            asyncio.gather(*(place.open(patient, each) for each in kept for place in (post, other))),
            asyncio.gather(*(other.history(admin, patient_id) for _ in range(5))),
            asyncio.gather(*(destroy_due(post, url) for _ in range(3))),
        )
    await destroy_due(post, url)
    async with open_post(messaging_stores) as fresh:
        for number, message_id in enumerate(written):
            assert (await fresh.open(admin, message_id)).body == f"Nr. {number}"
        for message_id in kept:
            assert (await fresh.open(admin, message_id)).body == "Alles in Ordnung."
        for message_id in doomed:
            assert await reason(fresh.open(admin, message_id)) == "CONTENT_ERASED"


async def test_copies_of_drafts_that_were_sent_or_thrown_away_do_not_open_either(
    post: Post, messaging_stores: Stores
) -> None:
    admin = staff(role="admin")
    patient_id = post.patient(admin.tenants[0])
    sent, thrown = [await create_draft(post, admin, patient_id, body="Fehlgeleitet.") for _ in range(2)]
    async with thief_of(post, messaging_stores) as thief:
        copies = [await thief.copy("draft", each.draft_id) for each in (sent, thrown)]
        assert [await thief.reads(each) for each in copies] == ["Fehlgeleitet."] * 2
        sending = drafts_pb2.SendDraftRequest(
            request_id=str(uuid4()), draft_id=sent.draft_id, version=sent.version
        )
        message_id = (await drafts_of(post).SendDraft(sending, metadata=post.to(admin))).message_id
        throwing = drafts_pb2.DeleteDraftRequest(draft_id=thrown.draft_id, version=thrown.version)
        await drafts_of(post).DeleteDraft(throwing, metadata=post.to(admin))
        await destroy_due(post, messaging_stores.keys_database_url)
        assert [await thief.reads(each) for each in copies] == [None] * 2
        assert (await post.open(admin, message_id)).body == "Fehlgeleitet."
        copied = await thief.copy("message", message_id)
        await _erase(post, admin, message_id)
        await destroy_due(post, messaging_stores.keys_database_url)
        assert await thief.reads(copied) is None


async def test_what_was_sealed_before_there_were_keys_of_their_own_stays_readable(
    post: Post, messaging_stores: Stores
) -> None:
    admin = staff(role="admin")
    practice_id = admin.tenants[0]
    patient_id = post.patient(practice_id)
    message_id = (await post.send(admin, patient_id)).message_id
    database = KeyDatabase(messaging_stores.keys_database_url)
    patients = await Keys(database, FileWrappingKeys(messaging_stores.wrapping_keys)).sealer(patient_id)
    await database.close()
    sealer = ContentSealer(patients, practice_id, patient_id, UUID(message_id))
    values = {"subject": sealer.seal_subject("Alt"), "body": sealer.seal_body("Von früher.")}
    older = text("UPDATE message SET subject = :subject, body = :body, key_id = NULL WHERE id = :id")
    async with post.superuser.transaction() as tx:
        await tx.execute(older, values | {"id": UUID(message_id)})
    opened = await post.open(admin, message_id)
    assert (opened.summary.subject, opened.body) == ("Alt", "Von früher.")
    await _erase(post, admin, message_id)
    assert await reason(post.open(admin, message_id)) == "CONTENT_ERASED"
