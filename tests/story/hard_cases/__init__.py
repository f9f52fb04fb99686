"""The hard cases: each a step of its own, in a practice of its own."""

from collections.abc import Callable
from typing import Final

from tests.story.hard_cases.access import who_cannot_get_in_is_let_in, who_is_identified_may_try_again
from tests.story.hard_cases.account_changes import a_person_changes_the_own_account
from tests.story.hard_cases.deadlines import time_to_read_and_to_answer_ends
from tests.story.hard_cases.drafts import a_draft_is_sent_and_taken_back
from tests.story.hard_cases.guard import (
    one_text_for_many_waits,
    unread_messages_follow_the_address,
    who_works_alone_steps_up,
)
from tests.story.hard_cases.photos import a_photo_tells_no_place
from tests.story.hard_cases.prompts import prompts_do_not_pester_and_tell_what_became_of_them
from tests.story.hard_cases.readers import it_is_asked_who_reads_for_the_child
from tests.story.hard_cases.records import (
    a_couple_shares_an_address,
    an_import_overwrites_nothing_that_was_verified,
)
from tests.story.hard_cases.work import a_practice_shares_its_work
from tests.story.steps import Play

HARD_CASES: Final[tuple[Callable[[Play], str], ...]] = (
    it_is_asked_who_reads_for_the_child,
    a_couple_shares_an_address,
    an_import_overwrites_nothing_that_was_verified,
    who_cannot_get_in_is_let_in,
    who_is_identified_may_try_again,
    a_person_changes_the_own_account,
    a_practice_shares_its_work,
    time_to_read_and_to_answer_ends,
    one_text_for_many_waits,
    who_works_alone_steps_up,
    unread_messages_follow_the_address,
    prompts_do_not_pester_and_tell_what_became_of_them,
    a_photo_tells_no_place,
    a_draft_is_sent_and_taken_back,
)
