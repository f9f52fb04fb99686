"""The tick follows from the facts, whatever the order in which they arrive."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.messaging.messages.domain import Direction
from services.messaging.receipts.domain import Evidence, Receipt, State, derive, first_receipt
from services.messaging.receipts.facts import Contact, Fact, FactKind, Failure, Reader, fact_id

_START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_CONTACT = Contact(version=1, reachable=True)


def _at(minutes: int) -> datetime:
    return _START + timedelta(minutes=minutes)


def _queued() -> Fact:
    return Fact(uuid4(), FactKind.QUEUED, _START)


def _accepted(minutes: int, version: int = 1, attempt: int = 1) -> Fact:
    return Fact(uuid4(), FactKind.PROMPT_ACCEPTED, _at(minutes), attempt, version)


def _failed(minutes: int, version: int = 1, why: Failure = Failure.ADDRESS_REFUSED) -> Fact:
    return Fact(uuid4(), FactKind.PROMPT_FAILED, _at(minutes), 1, version, why)


def _shown(minutes: int) -> Fact:
    return Fact(uuid4(), FactKind.SHOWN, _at(minutes))


def _opened(minutes: int, reader: Reader = Reader.PATIENT) -> Fact:
    return Fact(uuid4(), FactKind.OPENED, _at(minutes), reader=reader)


def _tick(*facts: Fact, contact: Contact = _CONTACT) -> State:
    return derive(Direction.TO_PATIENT, [_queued(), *facts], contact).state


_OF_STORING = (FactKind.QUEUED, FactKind.HELD, FactKind.REJECTED)
_PROMPTS = (UUID(int=1), UUID(int=2), None)
_FACTS = st.lists(
    st.builds(
        Fact,
        id=st.uuids(),
        kind=st.sampled_from([kind for kind in FactKind if kind not in _OF_STORING]),
        at=st.integers(0, 5).map(_at),
        attempt=st.integers(0, 2),
        contact_version=st.integers(0, 3),
        failure=st.sampled_from(Failure),
        reader=st.sampled_from(Reader),
        prompt_id=st.sampled_from(_PROMPTS),
    ),
    max_size=6,
    unique_by=lambda fact: fact.id,
)
_CONTACTS = st.builds(Contact, version=st.integers(0, 3), reachable=st.booleans())


@given(facts=_FACTS, contact=_CONTACTS, direction=st.sampled_from(Direction), data=st.data())
def test_the_order_of_arrival_does_not_matter(
    facts: list[Fact], contact: Contact, direction: Direction, data: st.DataObject
) -> None:
    other_order = data.draw(st.permutations(facts))
    assert derive(direction, facts, contact) == derive(direction, other_order, contact)


@given(facts=_FACTS, contact=_CONTACTS)
def test_read_outweighs_everything(facts: list[Fact], contact: Contact) -> None:
    assert _tick(*facts, _opened(3), contact=contact) is State.READ


@given(facts=_FACTS, contact=_CONTACTS)
def test_what_was_shown_or_opened_is_never_failed_again(facts: list[Fact], contact: Contact) -> None:
    evident = any(fact.kind in (FactKind.SHOWN, FactKind.OPENED) for fact in facts)
    tick = _tick(*facts, contact=contact)
    assert not evident or tick in (State.RECEIVED, State.READ)


@given(facts=_FACTS)
def test_prompts_to_older_contact_data_say_nothing(facts: list[Fact]) -> None:
    newer = Contact(version=9, reachable=True)
    prompts = [fact for fact in facts if fact.kind not in (FactKind.SHOWN, FactKind.OPENED)]
    of_prompts = [fact for fact in prompts if fact.kind is not FactKind.ATTACHMENT_OPENED]
    without = [fact for fact in prompts if fact.contact_version == 0 or fact not in of_prompts]
    assert derive(Direction.TO_PATIENT, prompts, newer) == derive(Direction.TO_PATIENT, without, newer)


@given(facts=_FACTS, contact=_CONTACTS, other=_CONTACTS, evident=st.sampled_from([_shown(1), _opened(1)]))
def test_other_contact_data_change_nothing_about_what_was_received(
    facts: list[Fact], contact: Contact, other: Contact, evident: Fact
) -> None:
    known = [*facts, evident]
    assert derive(Direction.TO_PATIENT, known, contact) == derive(Direction.TO_PATIENT, known, other)


def test_a_stored_message_is_queued_until_a_prompt_was_accepted() -> None:
    assert _tick() is State.QUEUED
    assert _tick(_accepted(1)) is State.SENT


def test_the_newest_outcome_counts() -> None:
    assert _tick(_accepted(1), _failed(2)) is State.FAILED
    assert _tick(_failed(2), _accepted(3)) is State.SENT


def test_a_corrected_address_starts_again_at_queued() -> None:
    assert _tick(_failed(1, version=1), contact=Contact(2, reachable=True)) is State.QUEUED
    assert (
        _tick(_failed(1, version=1), _accepted(2, version=2), contact=Contact(2, reachable=True))
        is State.SENT
    )


def test_an_outcome_may_know_newer_contact_data_than_messaging_does() -> None:
    assert _tick(_failed(1, version=1), _accepted(2, version=2)) is State.SENT


def test_a_prompt_without_contact_data_has_failed_while_there_are_none() -> None:
    nowhere = _failed(1, version=0, why=Failure.CONTACT_CONFLICT)
    assert _tick(nowhere, contact=Contact(2, reachable=False)) is State.FAILED
    assert _tick(nowhere, contact=Contact(3, reachable=True)) is State.QUEUED


def test_a_prompt_that_could_not_even_learn_the_address_has_failed() -> None:
    assert _tick(_failed(1, version=0, why=Failure.EXPIRED)) is State.FAILED


def test_the_receipt_names_times_evidence_and_reader() -> None:
    facts = [_queued(), _accepted(1), _shown(3), _shown(2), _opened(5), _opened(4, Reader.REPRESENTATIVE)]
    assert derive(Direction.TO_PATIENT, facts, _CONTACT) == Receipt(
        State.READ,
        sent_at=_at(1),
        received_at=_at(2),
        evidence=Evidence.SHOWN_IN_MAILBOX,
        read_at=_at(4),
        read_by=Reader.REPRESENTATIVE,
    )


def test_a_failure_keeps_its_reason() -> None:
    receipt = derive(Direction.TO_PATIENT, [_queued(), _failed(2, why=Failure.EXPIRED)], _CONTACT)
    assert receipt == Receipt(State.FAILED, failed_at=_at(2), failure=Failure.EXPIRED)


def test_an_answer_is_sent_at_once_and_read_when_the_practice_opens_it() -> None:
    stored = [_queued()]
    assert derive(Direction.TO_PRACTICE, stored, _CONTACT) == first_receipt(Direction.TO_PRACTICE, _START)
    read = derive(Direction.TO_PRACTICE, [*stored, _opened(2, Reader.PRACTICE)], _CONTACT)
    assert read == Receipt(State.READ, sent_at=_START, read_at=_at(2), read_by=Reader.PRACTICE)


def test_the_first_receipt_is_the_one_that_the_first_fact_gives() -> None:
    assert derive(Direction.TO_PATIENT, [_queued()], _CONTACT) == first_receipt(Direction.TO_PATIENT, _START)


def test_a_fact_that_happens_once_has_one_id_per_message() -> None:
    message = UUID(int=1)
    assert fact_id(message, FactKind.SHOWN) == fact_id(message, FactKind.SHOWN)
    assert fact_id(message, FactKind.SHOWN) != fact_id(message, FactKind.OPENED)
    assert fact_id(message, FactKind.SHOWN) != fact_id(UUID(int=2), FactKind.SHOWN)


def _delivered(minutes: int, version: int = 1, prompt: UUID | None = None) -> Fact:
    return Fact(uuid4(), FactKind.PROMPT_DELIVERED, _at(minutes), 1, version, prompt_id=prompt)


def test_a_delivery_is_received_and_only_a_newer_failure_takes_it_back() -> None:
    assert _tick(_accepted(1), _delivered(2)) is State.RECEIVED
    assert _tick(_accepted(1), _delivered(2), _failed(3)) is State.FAILED
    assert _tick(_accepted(1), _failed(2), _delivered(3)) is State.RECEIVED
    assert _tick(_accepted(1), _delivered(2), _accepted(5)) is State.RECEIVED
    assert _tick(_delivered(2), _failed(3), _accepted(5)) is State.SENT


def test_of_one_attempt_the_weightier_word_counts_whatever_the_clocks_say() -> None:
    prompt = UUID(int=7)
    accepted = Fact(uuid4(), FactKind.PROMPT_ACCEPTED, _at(5), 1, 1, prompt_id=prompt)
    failed = Fact(uuid4(), FactKind.PROMPT_FAILED, _at(2), 1, 1, Failure.ADDRESS_REFUSED, prompt_id=prompt)
    assert _tick(accepted, _delivered(1, prompt=prompt)) is State.RECEIVED
    assert _tick(accepted, failed) is State.FAILED
    again = Fact(uuid4(), FactKind.PROMPT_ACCEPTED, _at(9), 2, 1, prompt_id=prompt)
    assert _tick(accepted, failed, again) is State.SENT


@given(facts=_FACTS, contact=_CONTACTS)
def test_what_is_held_stays_held_until_it_is_released(facts: list[Fact], contact: Contact) -> None:
    held = [*facts, Fact(uuid4(), FactKind.HELD, _START)]
    rejected = [*held, Fact(uuid4(), FactKind.REJECTED, _at(1))]
    assert derive(Direction.TO_PATIENT, held, contact) == Receipt(State.HELD)
    assert derive(Direction.TO_PATIENT, rejected, contact) == Receipt(State.REJECTED)
    released = derive(Direction.TO_PATIENT, [*held, _queued()], contact)
    assert released == derive(Direction.TO_PATIENT, [*facts, _queued()], contact)


def test_sent_becomes_unconfirmed_after_a_day_and_nothing_else_does() -> None:
    sent = derive(Direction.TO_PATIENT, [_queued(), _accepted(1)], _CONTACT)
    assert sent.unconfirmed_from == _at(1) + timedelta(hours=24)
    for facts in ([_queued()], [_queued(), _accepted(1), _delivered(2)], [_queued(), _failed(1)]):
        assert derive(Direction.TO_PATIENT, facts, _CONTACT).unconfirmed_from is None
