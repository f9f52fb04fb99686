"""Notices: sent once, tried again while it helps, and never kept longer than their code."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from chassis.keys import CiphertextMoved
from services.identity.accounts.storage import Accounts
from services.identity.notice_delivery import NeverAccepted, NotAcceptedYet, NoticeDelivery
from services.identity.notices import Notice, Recipient
from services.identity.tables.people import notice as notice_table
from tests.integration.identity.people import a_patient, a_practice, registered, somebody, start_login
from tests.integration.identity.stage import Stage


@dataclass
class Gateway:
    """A notifier that answers as it is told."""

    answers: list[Exception] = field(default_factory=list)
    sent: list[tuple[UUID, Notice]] = field(default_factory=list)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, notice_id: UUID, notice: Notice) -> None:
        self.sent.append((notice_id, notice))
        self.taken.set()
        await self.go_on.wait()
        if self.answers:
            raise self.answers.pop(0)


def delivery(stage: Stage, gateway: Gateway, *, waits: bool = False) -> NoticeDelivery:
    if not waits:
        gateway.go_on.set()
    accounts = Accounts(stage.keys)
    return NoticeDelivery(stage.database, stage.proofs.notices, accounts, gateway, clock=stage.clock)


async def put(stage: Stage, to: Recipient | None = None) -> Notice:
    """Queue a notice that ends in ten minutes."""
    recipient = to or Recipient.email("erika@example.com")
    notice = Notice(recipient, "registration_code", "123456", stage.clock() + timedelta(minutes=10), "de")
    async with stage.database.transaction() as tx:
        await stage.proofs.notices.enqueue(tx, notice, stage.clock())
    return notice


async def waiting(stage: Stage) -> int:
    async with stage.database.transaction() as tx:
        count: int = (await tx.execute(select(func.count()).select_from(notice_table))).scalar_one()
    return count


async def test_an_accepted_notice_is_forgotten(stage: Stage) -> None:
    notice, gateway = await put(stage), Gateway()
    assert await delivery(stage, gateway).deliver_next()
    assert [sent for _, sent in gateway.sent] == [notice]
    assert await waiting(stage) == 0
    assert not await delivery(stage, gateway).deliver_next()


async def test_a_dummy_looks_the_same_and_goes_nowhere(stage: Stage) -> None:
    await put(stage)
    await put(stage, Recipient.nobody())
    async with stage.database.transaction() as tx:
        sizes = set((await tx.execute(select(func.octet_length(notice_table.c.sealed)))).scalars())
    assert len(sizes) == 1
    gateway = Gateway()
    while await delivery(stage, gateway).deliver_next():
        pass
    assert [sent.to.kind for _, sent in gateway.sent] == ["email"]
    assert await waiting(stage) == 0


async def test_a_notice_is_tried_again_under_the_same_id_after_growing_pauses(stage: Stage) -> None:
    await put(stage)
    gateway = Gateway([NotAcceptedYet(), NotAcceptedYet()])
    trying = delivery(stage, gateway)
    for pause in (1, 2):
        assert await trying.deliver_next()
        assert not await trying.deliver_next()
        stage.clock.advance(timedelta(seconds=pause))
    assert await trying.deliver_next()
    assert len({notice_id for notice_id, _ in gateway.sent}) == 1
    assert len(gateway.sent) == 3
    assert await waiting(stage) == 0


async def test_a_notice_refused_for_good_is_not_tried_again(stage: Stage) -> None:
    await put(stage)
    gateway = Gateway([NeverAccepted()])
    await delivery(stage, gateway).deliver_next()
    assert await waiting(stage) == 0


async def test_a_code_that_has_ended_is_not_sent(stage: Stage) -> None:
    await put(stage)
    stage.clock.advance(timedelta(minutes=10))
    assert not await delivery(stage, Gateway()).deliver_next()


async def test_two_workers_send_a_notice_once(stage: Stage) -> None:
    await put(stage)
    gateway = Gateway()
    slow = asyncio.create_task(delivery(stage, gateway, waits=True).deliver_next())
    await gateway.taken.wait()
    assert not await delivery(stage, Gateway()).deliver_next()
    gateway.go_on.set()
    assert await slow
    assert len(gateway.sent) == 1


async def test_what_a_dead_worker_had_in_hand_is_taken_up_again(stage: Stage) -> None:
    await put(stage)
    gateway = Gateway()
    dying = asyncio.create_task(delivery(stage, gateway, waits=True).deliver_next())
    await gateway.taken.wait()
    dying.cancel()
    await asyncio.wait([dying])
    stage.clock.advance(timedelta(seconds=60))
    other = Gateway()
    assert await delivery(stage, other).deliver_next()
    assert other.sent == gateway.sent


async def test_an_accounts_number_is_looked_up_when_the_notice_is_sent(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    await registered(stage, person)
    await start_login(stage, person.email, person.password)
    (notice,) = await stage.notices()
    assert (notice.to.kind, notice.to.value, notice.kind) == ("mobile", person.mobile, "login_code")


async def test_a_notice_moved_to_another_row_is_not_opened(stage: Stage) -> None:
    await put(stage)
    await put(stage)
    async with stage.database.transaction() as tx:
        one, other = (await tx.execute(select(notice_table.c.id, notice_table.c.sealed))).all()
        await tx.execute(update(notice_table).where(notice_table.c.id == one.id).values(sealed=other.sealed))
    with pytest.raises(CiphertextMoved):
        stage.proofs.notices.opened(one.id, other.sealed)
