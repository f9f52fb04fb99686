"""Who reads for a patient whose contact data another record has too: asked, answered, ended."""

from uuid import UUID

import pytest

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1 import patients_pb2, readers_pb2
from tests.integration.identity.organisation.house import House, request_id, somebody
from tests.integration.identity.organisation.reader_answers import (
    CUSTODY,
    asked,
    end_representation,
    own_contact,
    readers,
    represented,
    same_person,
    stub,
)
from tests.integration.identity.organisation.reading import World
from tests.integration.identity.organisation.reading_rules import Pair
from tests.integration.identity.organisation.test_patients import get, update
from tests.integration.identity.stage import reason

MOTHER_BORN, CHILD_BORN = "1985-06-07", "2018-09-10"


async def a_family(house: House, *, child_born: str = CHILD_BORN) -> tuple[World, Pair, str, str]:
    """A practice with a mother and, later, her child with the same contact data."""
    practice = await house.practice()
    one = somebody()
    world, pair = World(house, [practice.id]), Pair(one.email, one.mobile)
    await world.create(practice.id, pair, MOTHER_BORN)
    await world.create(practice.id, pair, child_born)
    mother, child = (each.patient_id for each in world.records)
    return world, pair, mother, child


async def kinds(world: World) -> dict[str, str]:
    """What the newest login may read, and as whom."""
    return {str(each.subject_id): each.kind for each in await world.readable(world.logins[-1])}


async def tasks(house: House, practice_id: UUID, patient_id: str) -> list[str]:
    """The kinds of the patient's open tasks."""
    query = "SELECT kind FROM task WHERE practice_id = %s AND patient_id = %s AND closed_at IS NULL"
    return [kind for (kind,) in await house.rows(query, practice_id, patient_id)]


async def test_the_later_record_is_asked_about_and_a_task_is_opened(house: House) -> None:
    world, _, mother, child = await a_family(house)
    [practice_id] = world.practices
    assert await asked(house, practice_id) == {child: {mother}}
    question = (await readers(house, practice_id, child)).question
    assert question.cause == readers_pb2.QUESTION_CAUSE_CONTACT_SHARED
    assert not (await readers(house, practice_id, mother)).HasField("question")
    assert await tasks(house, practice_id, child) == ["who_reads"]
    told = await house.rows("SELECT envelope FROM outbox WHERE type = 'identity.task_opened'")
    assert str(practice_id) in {Envelope.FromString(row[0]).tenant_id for row in told}


async def test_while_it_is_asked_nobody_new_is_bound_by_the_pair(house: House) -> None:
    world, pair, _, _ = await a_family(house)
    for born in (MOTHER_BORN, CHILD_BORN):
        assert await reason(world.register(pair, born)) == "NOT_MATCHED"


async def test_the_earlier_binding_stays_as_it_is(house: House) -> None:
    practice = await house.practice()
    one = somebody()
    world, pair = World(house, [practice.id]), Pair(one.email, one.mobile)
    await world.create(practice.id, pair, MOTHER_BORN)
    await world.register(pair, MOTHER_BORN)
    await world.create(practice.id, pair, CHILD_BORN)
    mother = world.records[0].patient_id
    assert await kinds(world) == {mother: "self"}
    assert not (await get(house, practice.id, mother)).contact.conflict


async def test_a_representative_reads_two_mailboxes_with_one_login(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    assert not await represented(house, practice_id, child, mother, basis=CUSTODY)
    assert await asked(house, practice_id) == {}
    assert await tasks(house, practice_id, child) == []
    await world.register(pair, MOTHER_BORN)
    assert await kinds(world) == {mother: "self", child: "representative"}
    seen = await readers(house, practice_id, child)
    assert (seen.representation.representative_id, seen.representation.ends_on) == (mother, "2036-09-10")
    assert list((await readers(house, practice_id, mother)).represented_ids) == [child]
    assert (await get(house, practice_id, child)).contact.bound
    version, flags = (await house.events(child))[-1]
    assert flags.bound
    assert not flags.conflict
    assert version == (await get(house, practice_id, child)).version


async def test_nobody_is_bound_to_the_child_by_the_shared_pair(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    assert await reason(world.register(pair, CHILD_BORN)) == "NOT_MATCHED"


async def test_an_account_shows_whom_it_represents(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    await represented(house, world.practices[0], child, mother, basis=CUSTODY)
    await world.register(pair, MOTHER_BORN)
    shown = await world.account(world.logins[-1])
    assert [(each.patient_id, each.kind, each.practice_name != "") for each in shown.bindings] == [
        (mother, 1, True),
        (child, 2, True),
    ]


async def test_when_the_representation_ends_nothing_is_readable_and_it_is_asked_again(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await world.register(pair, MOTHER_BORN)
    assert await end_representation(house, practice_id, child)
    assert await kinds(world) == {mother: "self"}
    question = (await readers(house, practice_id, child)).question
    assert question.cause == readers_pb2.QUESTION_CAUSE_REPRESENTATION_ENDED
    assert await reason(end_representation(house, practice_id, child)) == "REPRESENTATION_NOT_FOUND"


async def test_a_representation_falls_with_the_representatives_binding(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await world.register(pair, MOTHER_BORN)
    await update(house, practice_id, mother, mobile=somebody().mobile)
    assert await kinds(world) == {}
    assert not (await house.events(child))[-1][1].bound


async def test_a_mother_who_comes_later_reads_for_the_child(house: House) -> None:
    practice = await house.practice()
    one = somebody()
    world, pair = World(house, [practice.id]), Pair(one.email, one.mobile)
    await world.create(practice.id, pair, CHILD_BORN)
    await world.register(pair, CHILD_BORN)
    await world.create(practice.id, pair, MOTHER_BORN)
    child, mother = (each.patient_id for each in world.records)
    assert await asked(house, practice.id) == {mother: {child}}
    assert not await represented(house, practice.id, child, mother, basis=CUSTODY, asked_about=mother)
    assert await kinds(world) == {}
    await world.accept_offers(world.logins[0], MOTHER_BORN)
    assert await kinds(world) == {mother: "self", child: "representative"}


async def test_the_same_person_keeps_one_record_and_the_other_is_archived(house: House) -> None:
    world, pair, first, second = await a_family(house, child_born=MOTHER_BORN)
    [practice_id] = world.practices
    assert not await same_person(house, practice_id, second, first, archived=first)
    kept, gone = await get(house, practice_id, second), await get(house, practice_id, first)
    assert (kept.contact.archived, kept.contact.conflict) == (False, False)
    assert gone.contact.archived
    assert (await house.events(first))[-1][1].archived
    assert (await readers(house, practice_id, first)).merged_into_id == second
    await world.register(pair, MOTHER_BORN)
    assert await kinds(world) == {second: "self"}
    assert "patient.archive" in await house.audited(practice_id)


async def test_an_archived_record_is_neither_changed_nor_prompted_nor_read(house: House) -> None:
    practice = await house.practice()
    one = somebody()
    world, pair = World(house, [practice.id]), Pair(one.email, one.mobile)
    await world.create(practice.id, pair, MOTHER_BORN)
    await world.register(pair, MOTHER_BORN)
    await world.create(practice.id, pair, MOTHER_BORN)
    first, second = (each.patient_id for each in world.records)
    await same_person(house, practice.id, second, first, archived=first)
    assert await kinds(world) == {}
    assert await reason(update(house, practice.id, first, given_name="Neu")) == "PATIENT_ARCHIVED"
    contact = patients_pb2.ResolveContactRequest(practice_id=str(practice.id), patient_id=first)
    resolving = house.patients.ResolveContact(contact, metadata=house.caller("notifier"))
    assert await reason(resolving) == "PATIENT_NOT_FOUND"
    await world.accept_offers(world.logins[0], MOTHER_BORN)
    assert await kinds(world) == {second: "self"}


async def test_whom_an_archived_record_represented_the_other_represents(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await world.create(practice_id, pair, MOTHER_BORN)
    again = world.records[-1].patient_id
    assert await asked(house, practice_id) == {again: {mother, child}}
    assert not await same_person(house, practice_id, again, mother, archived=mother)
    await world.register(pair, MOTHER_BORN)
    assert await kinds(world) == {again: "self", child: "representative"}


async def test_a_minors_record_does_not_take_over_whom_an_archived_one_represented(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await world.create(practice_id, pair, CHILD_BORN)
    sibling = world.records[-1].patient_id
    refused = same_person(house, practice_id, sibling, mother, archived=mother)
    assert await reason(refused) == "REPRESENTATIVE_NOT_POSSIBLE"
    assert (await readers(house, practice_id, child)).representation.representative_id == mother
    assert await asked(house, practice_id) == {sibling: {mother, child}}
    assert (await house.audited(practice_id))[-1] == "reader_question.list"


async def test_couples_with_one_address_and_a_number_each_read_for_themselves(house: House) -> None:
    practice = await house.practice()
    one, other = somebody(), somebody()
    world = World(house, [practice.id])
    await world.create(practice.id, Pair(one.email, one.mobile), "1970-01-02")
    await world.create(practice.id, Pair(one.email, other.mobile), "1971-03-04")
    husband, wife = (each.patient_id for each in world.records)
    hers = Pair(one.email, other.mobile)
    assert await reason(world.register(hers, "1971-03-04")) == "NOT_MATCHED"
    assert not await own_contact(house, practice.id, wife)
    await world.register(hers, "1971-03-04")
    assert await kinds(world) == {wife: "self"}
    assert await asked(house, practice.id) == {}
    await update(house, practice.id, husband, mobile=other.mobile)
    assert await asked(house, practice.id) == {husband: {wife}}
    assert await kinds(world) == {wife: "self"}


async def test_a_shared_pair_is_no_own_contact(house: House) -> None:
    world, _, _, child = await a_family(house)
    [practice_id] = world.practices
    assert await reason(own_contact(house, practice_id, child)) == "CONTACT_STILL_SHARED"


async def test_the_question_closes_by_itself_when_the_contact_data_differ(house: House) -> None:
    world, _, _, child = await a_family(house)
    [practice_id] = world.practices
    await update(house, practice_id, child, email=somebody().email, mobile=somebody().mobile)
    assert await asked(house, practice_id) == {}
    assert await tasks(house, practice_id, child) == []


async def test_siblings_are_asked_about_one_by_one(house: House) -> None:
    world, pair, mother, mia = await a_family(house)
    [practice_id] = world.practices
    await world.create(practice_id, pair, "2020-01-01")
    tom = world.records[-1].patient_id
    assert not await represented(house, practice_id, mia, mother, basis=CUSTODY)
    assert await asked(house, practice_id) == {tom: {mother, mia}}
    assert not await represented(house, practice_id, tom, mother, basis=CUSTODY)
    await world.register(pair, MOTHER_BORN)
    assert await kinds(world) == {mother: "self", mia: "representative", tom: "representative"}


async def test_the_note_of_an_authorisation_lies_sealed(house: House) -> None:
    world, _, first, second = await a_family(house, child_born="1990-01-01")
    [practice_id] = world.practices
    await represented(house, practice_id, second, first, ends_on="2099-01-01")
    seen = (await readers(house, practice_id, second)).representation
    assert (seen.basis_note, seen.ends_on) == ("Vollmacht vom 3. März, Kopie in der Akte", "2099-01-01")
    ((terms,),) = await house.rows("SELECT terms FROM representation WHERE practice_id = %s", practice_id)
    assert b"Vollmacht" not in bytes(terms)
    assert b"2099" not in bytes(terms)


@pytest.mark.parametrize(
    ("born", "basis", "refused"),
    [
        ("", CUSTODY, "BIRTH_DATE_MISSING"),
        ("1990-01-01", CUSTODY, "NOT_A_MINOR"),
        (CHILD_BORN, readers_pb2.REPRESENTATION_BASIS_AUTHORISATION, "STILL_A_MINOR"),
    ],
)
async def test_a_representation_without_its_basis_is_refused(
    house: House, born: str, basis: "readers_pb2.RepresentationBasis.ValueType", refused: str
) -> None:
    world, _, mother, child = await a_family(house, child_born=born)
    answering = represented(house, world.practices[0], child, mother, basis=basis)
    assert await reason(answering) == refused
    assert child in await asked(house, world.practices[0])


async def test_chains_of_representatives_are_refused(house: House) -> None:
    world, pair, mother, _ = await a_family(house, child_born="1990-01-01")
    [practice_id] = world.practices
    await world.create(practice_id, pair, "1995-01-01")
    _, second, third = (each.patient_id for each in world.records)
    await represented(house, practice_id, second, mother)
    assert await reason(represented(house, practice_id, third, second)) == "REPRESENTATIVE_NOT_POSSIBLE"


async def test_what_is_not_asked_cannot_be_answered(house: House) -> None:
    world, _, mother, child = await a_family(house)
    [practice_id] = world.practices
    stranger = (await house.patient(practice_id)).patient_id
    assert await reason(represented(house, practice_id, mother, stranger)) == "QUESTION_NOT_OPEN"
    assert await reason(same_person(house, practice_id, child, stranger, child)) == "CONTACT_NOT_SHARED"
    foreign = (await house.patient((await house.practice()).id)).patient_id
    assert await reason(represented(house, practice_id, child, foreign)) == "PATIENT_NOT_FOUND"


async def test_the_same_request_twice_is_one_answer(house: House) -> None:
    world, _, mother, child = await a_family(house)
    said = readers_pb2.Represented(represented_patient_id=child, representative_id=mother, basis=CUSTODY)
    request = readers_pb2.AnswerReaderQuestionRequest(
        request_id=request_id(), patient_id=child, represented=said
    )
    who = house.caller("physician", world.practices[0])
    answers = [await stub(house).AnswerReaderQuestion(request, metadata=who) for _ in range(2)]
    assert [each.open for each in answers] == [False, False]


async def test_a_programs_account_sees_the_question_and_may_not_answer_it(house: House) -> None:
    world, _, _, child = await a_family(house)
    [practice_id] = world.practices
    request = readers_pb2.AnswerReaderQuestionRequest(request_id=request_id(), patient_id=child)
    program = house.caller("practice_service", practice_id)
    from_program = stub(house).AnswerReaderQuestion(request, metadata=program)
    assert await reason(from_program) == "METHOD_NOT_ALLOWED"
