"""One text to many patients waits for a second person; nobody else learns of it before."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import work_pb2
from praxispost.messaging.v1.events_pb2 import PROMPT_REASON_RELEASED, PromptWanted
from services.messaging.guard.step_up import StepUpPurpose
from services.messaging.guard.storage import forget_texts
from tests.integration.messaging.guarding import LIMIT, TEXT, House, envelopes
from tests.integration.messaging.post import Post, account, reason, refusing, staff


@pytest.fixture
def house(post: Post) -> House:
    return House(post)


async def test_the_text_that_reaches_the_tenth_patient_is_held(house: House) -> None:
    sent = await house.to_many(LIMIT)
    assert [answer.held for _, answer in sent] == [False] * (LIMIT - 1) + [True]
    held = sent[-1][1].message_id
    assert await house.tick(held) == wire.RECEIPT_STATE_HELD
    assert await house.tick(sent[0][1].message_id) == wire.RECEIPT_STATE_QUEUED
    told = [await envelopes(house.post, "messaging.message_sent", each.message_id) for _, each in sent]
    assert [len(each) for each in told] == [1] * (LIMIT - 1) + [0]


async def test_simultaneous_sends_are_counted_one_after_the_other(house: House) -> None:
    async def send() -> bool:
        return (await house.post.send(house.author, house.post.patient(house.practice_id), body=TEXT)).held

    held = await asyncio.gather(*(send() for _ in range(LIMIT + 3)))
    assert sum(held) == 4


async def test_the_same_patient_another_text_another_practice_or_an_appointment_are_not_held(
    house: House,
) -> None:
    patients = [patient_id for patient_id, _ in await house.to_many(LIMIT - 1)]
    assert not (await house.post.send(house.author, patients[0], body=TEXT)).held
    new = house.post.patient(house.practice_id)
    assert not (await house.post.send(house.author, new, body="Ihr Befund ist da.")).held
    appointment = {"body": TEXT, "purpose": wire.PURPOSE_APPOINTMENT}
    assert not (await house.post.send(house.author, new, **appointment)).held
    neighbour = staff()
    assert not (await house.post.send(neighbour, house.post.patient(neighbour.tenants[0]), body=TEXT)).held
    assert (await house.post.send(house.author, new, body=f"  {TEXT.upper()} ")).held


async def test_an_hour_later_the_text_may_go_again(house: House) -> None:
    await house.to_many(LIMIT - 1)
    house.post.clock.ahead = timedelta(hours=1, seconds=1)
    assert not (await house.to_many(1))[0][1].held


async def test_a_second_try_of_the_request_says_held_too(house: House) -> None:
    await house.to_many(LIMIT - 1)
    patient_id, request_id = house.post.patient(house.practice_id), str(uuid4())
    answers = [
        await house.post.send(house.author, patient_id, body=TEXT, request_id=request_id) for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert answers[0].held


async def test_the_patient_learns_nothing_of_a_held_message(house: House) -> None:
    patient_id, message_id = await house.held()
    patient = account((house.practice_id, patient_id))
    assert list((await house.post.mailbox(patient)).messages) == []
    assert await reason(house.post.open(patient, message_id)) == "MESSAGE_NOT_FOUND"
    assert await reason(house.post.reply(patient, message_id)) == "MESSAGE_NOT_FOUND"
    assert (await house.post.open(house.colleague, message_id)).body == TEXT
    assert await house.tick(message_id) == wire.RECEIPT_STATE_HELD


async def test_only_the_practices_streams_hint_at_what_is_held(house: House) -> None:
    await house.to_many(LIMIT - 1)
    patient_id = house.post.patient(house.practice_id)
    kinds: list[list[wire.ChangeKind.ValueType]] = []
    for watcher in (house.colleague, account((house.practice_id, patient_id))):
        stream = house.post.stub.Watch(wire.WatchRequest(), metadata=house.post.to(watcher))
        hints = aiter(stream)
        await anext(hints)
        sent = await house.post.send(house.author, patient_id, body=TEXT)
        await house.confirm(house.colleague, sent.message_id)
        house.post.clock.ahead += timedelta(minutes=61)
        seen = [(await anext(hints)).change.kind]
        if seen[0] == wire.CHANGE_KIND_HELD:
            seen.append((await anext(hints)).change.kind)
        kinds.append(seen)
        stream.cancel()
        await house.to_many(LIMIT - 1)
    assert kinds == [[wire.CHANGE_KIND_HELD, wire.CHANGE_KIND_MESSAGE], [wire.CHANGE_KIND_MESSAGE]]


async def test_a_second_person_releases_all_that_is_held_with_the_text(house: House) -> None:
    sent = await house.to_many(LIMIT + 2)
    held = [(patient_id, answer.message_id) for patient_id, answer in sent if answer.held]
    waiting = (await house.waiting(house.colleague)).messages
    assert [each.id for each in waiting] == [message_id for _, message_id in held]
    request_id = str(uuid4())
    for _ in range(2):
        released = await house.confirm(
            house.colleague, held[0][1], reason="Impfaktion", request_id=request_id
        )
        assert set(released.message_ids) == {message_id for _, message_id in held}
    for patient_id, message_id in held:
        assert await house.tick(message_id) == wire.RECEIPT_STATE_QUEUED
        [wanted] = await envelopes(house.post, "messaging.prompt_wanted", message_id)
        assert PromptWanted.FromString(wanted.data) == PromptWanted(
            patient_id=str(patient_id),
            conversation_id=waiting[[each.id for each in waiting].index(message_id)].conversation_id,
            contact_version=1,
            reason=PROMPT_REASON_RELEASED,
        )
        assert (await house.post.open(account((house.practice_id, patient_id)), message_id)).body == TEXT
    assert list((await house.waiting(house.colleague)).messages) == []


async def test_who_steps_up_but_does_not_work_alone_releases_no_message_of_their_own_along(
    house: House,
) -> None:
    await house.to_many(LIMIT - 1)
    [(_, theirs)] = await house.to_many(1)
    [(_, own)] = await house.to_many(1, by=house.colleague)
    step_up = house.step_up(house.colleague, theirs.message_id, alone=False)
    released = await house.confirm(house.colleague, theirs.message_id, reason="Impfaktion", step_up=step_up)
    assert list(released.message_ids) == [theirs.message_id]
    assert await house.tick(own.message_id) == wire.RECEIPT_STATE_HELD


async def test_a_released_text_is_not_held_again_for_an_hour(house: House) -> None:
    _, message_id = await house.held()
    await house.confirm(house.colleague, message_id)
    assert not (await house.to_many(1))[0][1].held
    house.post.clock.ahead = timedelta(minutes=59)
    assert not any(answer.held for _, answer in await house.to_many(LIMIT))
    house.post.clock.ahead = timedelta(minutes=61)
    assert (await house.to_many(1))[0][1].held


async def test_what_has_another_subject_is_neither_released_along_nor_let_through(house: House) -> None:
    await house.to_many(LIMIT - 1, subject="Ihr Befund")
    [(_, shown), (_, same)] = await house.to_many(2, subject="Ihr  BEFUND!")
    [(_, other)] = await house.to_many(1, subject="Sonderangebot")
    released = await house.confirm(house.colleague, shown.message_id)
    assert set(released.message_ids) == {shown.message_id, same.message_id}
    assert await house.tick(other.message_id) == wire.RECEIPT_STATE_HELD
    assert (await house.to_many(1, subject="Sonderangebot"))[0][1].held
    assert not (await house.to_many(1, subject="Ihr Befund"))[0][1].held


async def test_what_was_held_before_subjects_were_compared_is_released_alone(house: House) -> None:
    first, second = [answer.message_id for _, answer in (await house.to_many(LIMIT + 1))[-2:]]
    async with house.post.superuser.transaction() as tx:
        older = text("UPDATE held_message SET shown_hash = NULL WHERE practice_id = :practice")
        await tx.execute(older, {"practice": house.practice_id})
    assert list((await house.confirm(house.colleague, first)).message_ids) == [first]
    assert await house.tick(second) == wire.RECEIPT_STATE_HELD


async def test_the_days_to_read_a_held_message_begin_when_it_is_released(house: House) -> None:
    await house.to_many(LIMIT - 1)
    named = Timestamp()
    named.FromDatetime(house.post.clock() + timedelta(days=8))
    [(_, usual)] = await house.to_many(1)
    [(_, urgent)] = await house.to_many(1, read_by=named)
    house.post.clock.ahead = timedelta(days=6)
    await house.confirm(house.colleague, usual.message_id)

    async def overdue() -> dict[str, datetime]:
        listed = await refusing(
            house.post.work.ListDue(work_pb2.ListDueRequest(), metadata=house.post.to(house.author))
        )
        held = (usual.message_id, urgent.message_id)
        messages = [each for each in listed.messages if each.message.id in held]
        return {each.message.id: each.due_at.ToDatetime(UTC) for each in messages}

    house.post.clock.ahead = timedelta(days=9)
    assert await overdue() == {urgent.message_id: named.ToDatetime(UTC)}
    house.post.clock.ahead = timedelta(days=13, minutes=1)
    released = (await house.post.receipt(house.author, usual.message_id)).receipt.queued_at.ToDatetime(UTC)
    assert (await overdue())[usual.message_id] == released + timedelta(days=7)


async def test_the_decision_is_on_record_and_the_reason_is_sealed(house: House) -> None:
    _, message_id = await house.held()
    await house.confirm(house.colleague, message_id, reason="KANARIE-GRUND")
    known = await house.post.receipt(house.author, message_id)
    assert [each.kind for each in known.facts] == [
        wire.RECEIPT_FACT_KIND_HELD,
        wire.RECEIPT_FACT_KIND_QUEUED,
    ]
    decision = known.hold_decision
    assert decision.confirmed
    assert decision.decided_by == str(house.colleague.subject_id)
    assert decision.reason == "KANARIE-GRUND"
    assert known.receipt.queued_at == decision.decided_at
    [row] = await house.post.rows("SELECT reason FROM held_message WHERE message_id = :id", id=message_id)
    assert b"KANARIE" not in row.reason


async def test_time_on_hold_is_not_taken_from_the_time_to_answer(house: House) -> None:
    patient_id, message_id = await house.held()
    house.post.clock.ahead = timedelta(days=20)
    await house.confirm(house.colleague, message_id)
    house.post.clock.ahead = timedelta(days=49)
    patient = account((house.practice_id, patient_id))
    await house.post.reply(patient, message_id)
    house.post.clock.ahead = timedelta(days=51)
    assert await reason(house.post.reply(patient, message_id)) == "REPLY_PERIOD_OVER"


async def test_a_rejected_message_is_never_sent_and_the_others_go_on_waiting(house: House) -> None:
    sent = await house.to_many(LIMIT + 1)
    (patient_id, first), (_, other) = [(each, answer.message_id) for each, answer in sent if answer.held]
    await house.reject(house.author, first, "Versehen")
    assert await house.tick(first) == wire.RECEIPT_STATE_REJECTED
    assert await house.tick(other) == wire.RECEIPT_STATE_HELD
    assert list((await house.post.mailbox(account((house.practice_id, patient_id)))).messages) == []
    assert await reason(house.confirm(house.colleague, first)) == "MESSAGE_NOT_HELD"
    assert await reason(house.reject(house.colleague, first)) == "MESSAGE_NOT_HELD"
    released = await house.confirm(house.colleague, other)
    assert list(released.message_ids) == [other]
    decision = (await house.post.receipt(house.author, first)).hold_decision
    assert (decision.confirmed, decision.reason) == (False, "Versehen")


async def test_what_was_never_held_cannot_be_decided_about(house: House) -> None:
    [(_, sent)] = await house.to_many(1)
    assert await reason(house.confirm(house.colleague, sent.message_id)) == "MESSAGE_NOT_HELD"
    assert await reason(house.confirm(house.colleague, str(uuid4()))) == "MESSAGE_NOT_FOUND"
    stranger = staff()
    _, held = await house.held()
    assert await reason(house.confirm(stranger, held)) == "MESSAGE_NOT_FOUND"
    assert await reason(house.reject(stranger, held)) == "MESSAGE_NOT_FOUND"
    assert list((await house.waiting(stranger)).messages) == []


async def test_the_author_cannot_release_the_own_text(house: House) -> None:
    _, message_id = await house.held()
    assert await reason(house.confirm(house.author, message_id, reason="doch")) == "SECOND_PERSON_NEEDED"
    with_colleagues = house.step_up(house.author, message_id, alone=False)
    refused = house.confirm(house.author, message_id, reason="doch", step_up=with_colleagues)
    assert await reason(refused) == "SECOND_PERSON_NEEDED"


async def test_releasing_a_colleagues_text_does_not_release_the_own(house: House) -> None:
    theirs = [answer.message_id for _, answer in await house.to_many(LIMIT) if answer.held]
    own = [answer.message_id for _, answer in await house.to_many(1, by=house.colleague)]
    released = await house.confirm(house.colleague, theirs[0])
    assert list(released.message_ids) == theirs
    assert await house.tick(own[0]) == wire.RECEIPT_STATE_HELD


async def test_who_works_alone_steps_up_and_says_why(house: House) -> None:
    _, message_id = await house.held()
    step_up = house.step_up(house.author, message_id)
    silent = house.confirm(house.author, message_id, step_up=step_up)
    assert await reason(silent) == "SECOND_PERSON_NEEDED"
    await house.confirm(house.author, message_id, step_up=step_up, reason="Rückruf der Charge")
    assert await house.tick(message_id) == wire.RECEIPT_STATE_QUEUED


async def test_a_step_up_counts_only_for_its_person_message_purpose_and_time(house: House) -> None:
    _, message_id = await house.held()
    for refused in (
        house.step_up(house.colleague, message_id),
        house.step_up(staff(), message_id),
        house.step_up(house.author, str(uuid4())),
        house.step_up(house.author, message_id, purpose=StepUpPurpose.ERASE_CONTENT),
        house.step_up(house.author, message_id, kind="token"),
        house.step_up(house.author, message_id, ago=6),
        "nonsense",
    ):
        confirming = house.confirm(house.author, message_id, reason="doch", step_up=refused)
        assert await reason(confirming) == "STEP_UP_REFUSED"


async def test_a_patient_who_objected_meanwhile_is_not_written_to(house: House) -> None:
    sent = await house.to_many(LIMIT + 1)
    (_, first), (objector, second) = [(each, answer.message_id) for each, answer in sent if answer.held]
    house.post.knows(house.practice_id, objector, version=2, objected=True, has_email=False)
    await house.post.rows(
        "UPDATE patient_state SET objected = true WHERE patient_id = :id RETURNING patient_id", id=objector
    )
    assert list((await house.confirm(house.colleague, first)).message_ids) == [first]
    assert await reason(house.confirm(house.colleague, second)) == "PATIENT_OBJECTED"


async def test_the_list_of_what_waits_comes_in_pages(house: House) -> None:
    sent = await house.to_many(LIMIT + 3)
    held = [answer.message_id for _, answer in sent if answer.held]
    seen: list[str] = []
    token = ""
    while True:
        page = await house.waiting(house.author, 3, token)
        seen += [each.id for each in page.messages]
        token = page.next_page_token
        if not token:
            break
    assert seen == held


async def test_what_is_kept_of_a_text_is_a_hash_of_this_practice_only(house: House) -> None:
    await house.to_many(1)
    neighbour = staff()
    await house.post.send(neighbour, house.post.patient(neighbour.tenants[0]), body=TEXT)
    rows = await house.post.rows("SELECT practice_id, text_hash FROM recent_text")
    hashes = {row.practice_id: row.text_hash for row in rows}
    assert hashes[house.practice_id] != hashes[neighbour.tenants[0]]


async def test_texts_are_forgotten_after_their_hour_in_all_practices(house: House) -> None:
    await house.to_many(1)
    house.post.clock.ahead = timedelta(hours=2)
    [(patient_id, _)] = await house.to_many(1)
    async with house.post.database.transaction() as tx:
        await forget_texts(tx, house.post.clock() - timedelta(hours=1))
    query = "SELECT patient_id FROM recent_text WHERE practice_id = :practice"
    rows = await house.post.rows(query, practice=house.practice_id)
    assert [row.patient_id for row in rows] == [patient_id]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["objected"], "PATIENT_OBJECTED"),
        (["deceased"], "PATIENT_DECEASED"),
        (["archived"], "PATIENT_ARCHIVED"),
        (["objected", "deceased"], "PATIENT_DECEASED"),
    ],
)
async def test_marked_patients_are_not_written_to(house: House, flags: Sequence[str], why: str) -> None:
    patient_id = uuid4()
    house.post.knows(house.practice_id, patient_id, **dict.fromkeys(flags, True))
    assert await reason(house.post.send(house.author, patient_id)) == why


async def test_every_message_records_the_legal_basis_of_its_time(house: House) -> None:
    admin = staff(house.practice_id, "admin")
    before = (await house.to_many(1))[0][1].message_id
    assert not (await house.basis(house.author)).HasField("set_at")
    changed = await house.set_basis(admin, "Einwilligung, Art. 6 (1) a DSGVO")
    assert await house.basis(house.author) == changed
    assert await house.set_basis(admin, "Einwilligung, Art. 6 (1) a DSGVO") == changed
    after = (await house.to_many(1))[0][1].message_id
    first = (await house.post.receipt(house.author, before)).legal_basis
    assert first == (await house.basis(staff())).text
    assert (await house.post.receipt(house.author, after)).legal_basis == changed.text
    assert await reason(house.set_basis(admin, " ")) == "INVALID_FIELD"


async def test_only_an_admin_changes_the_legal_basis(house: House) -> None:
    assert await reason(refusing(house.set_basis(house.author, "anders"))) == "METHOD_NOT_ALLOWED"
