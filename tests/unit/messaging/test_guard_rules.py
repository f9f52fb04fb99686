"""Which texts count as the same, and who may release what is held."""

from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import Refusal
from services.messaging.guard.domain import (
    GuardRules,
    StepUp,
    Text,
    TextHashes,
    Use,
    check_release,
    is_guarded,
    normalised,
    to_many,
)
from services.messaging.messages.domain import Purpose


@pytest.mark.parametrize(
    "other",
    [
        "jetzt zur grippeimpfung",
        "  Jetzt  zur\n\nGrippeimpfung! ",
        "JETZT ZUR GRIPPEIMPFUNG",
        "Jetzt\u200b zur Grippe\u00adimpfung",
        "Jetzt\u00a0zur \uff27rippeimpfung …",
    ],
)
def test_case_spaces_punctuation_and_invisible_characters_make_no_other_text(other: str) -> None:
    assert normalised(other) == normalised("Jetzt zur Grippeimpfung.")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ihr Wert ist 6,5", "Ihr Wert ist 6,7"), ("Frau Müller", "Frau Mueller"), ("👍", "👎")],
)
def test_other_words_make_another_text(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@given(st.text())
def test_a_normalised_text_is_its_own_normal_form(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert normalised(text.upper()) == normalised(text.upper().lower().upper())


def test_appointments_and_answers_are_not_guarded() -> None:
    assert not is_guarded(None)
    assert {each for each in Purpose if not is_guarded(each)} == {Purpose.APPOINTMENT}


def test_another_person_needs_neither_reason_nor_step_up() -> None:
    check_release(uuid4(), uuid4(), None, "")


@pytest.mark.parametrize(
    ("stepped_up", "alone", "reason"), [(False, True, "x"), (True, False, "x"), (True, True, "")]
)
def test_the_author_needs_a_second_person(stepped_up: bool, alone: bool, reason: str) -> None:
    author = uuid4()
    step_up = StepUp(uuid4(), author, alone) if stepped_up else None
    with pytest.raises(Refusal) as refused:
        check_release(author, author, step_up, reason)
    assert refused.value.reason == "SECOND_PERSON_NEEDED"


def test_who_works_alone_steps_up_and_says_why() -> None:
    author = uuid4()
    check_release(author, author, StepUp(uuid4(), author, alone=True), "Rückruf")


@given(
    uses=st.lists(st.tuples(st.sampled_from(b"ab"), st.integers(0, 6)), max_size=30),
    cuts=st.sets(st.integers(1, 29)),
    patients=st.integers(1, 5),
)
def test_texts_counted_together_are_held_as_if_they_came_one_by_one(
    uses: list[tuple[int, int]], cuts: set[int], patients: int
) -> None:
    rules = GuardRules(patients=patients)
    practice_id = uuid4()
    texts = {text: TextHashes(bytes([text]), bytes([text])) for text in b"ab"}
    all_uses = [Use(practice_id, uuid4(), UUID(int=patient), texts[text]) for text, patient in uses]

    def held(batches: Sequence[Sequence[Use]]) -> list[bool]:
        lately: dict[Text, set[UUID]] = {}
        found = []
        for batch in batches:
            # Of more patients than it takes, the database returns only so many.
            known = {text: set(sorted(those)[:patients]) for text, those in lately.items()}
            found += to_many(batch, known, rules)
            for use in batch:
                lately.setdefault(use.text, set()).add(use.patient_id)
        return found

    ends = [0, *sorted(each for each in cuts if each < len(all_uses)), len(all_uses)]
    together = [all_uses[start:end] for start, end in pairwise(ends)]
    assert held(together) == held([[each] for each in all_uses])
