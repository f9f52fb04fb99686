"""The rules of a practice's staff."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from chassis.refusal import Refusal
from services.identity.staff.domain import (
    Person,
    StaffMember,
    StaffState,
    check_admin_remains,
    check_can_be_invited_again,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ADMIN = StaffMember(
    practice_id=UUID(int=1),
    id=UUID(int=2),
    person=Person("anna@example.com", "Anna", "Arndt"),
    role="admin",
    has_password=True,
    disabled_at=None,
    created_at=NOW,
)
INVITED = replace(ADMIN, has_password=False)
DISABLED = replace(ADMIN, disabled_at=NOW)
ASSISTANT = replace(ADMIN, role="assistant")


def test_the_state_follows_from_password_and_disablement() -> None:
    assert [each.state for each in (INVITED, ADMIN, DISABLED, replace(INVITED, disabled_at=NOW))] == [
        StaffState.INVITED,
        StaffState.ACTIVE,
        StaffState.DISABLED,
        StaffState.DISABLED,
    ]


@pytest.mark.parametrize("after", [ASSISTANT, DISABLED])
def test_the_only_active_admin_can_be_neither_demoted_nor_disabled(after: StaffMember) -> None:
    with pytest.raises(Refusal) as refused:
        check_admin_remains(ADMIN, after, 1)
    assert refused.value.reason == "LAST_ADMIN"
    check_admin_remains(ADMIN, after, 2)


@pytest.mark.parametrize(("before", "after"), [(INVITED, ASSISTANT), (ASSISTANT, DISABLED), (ADMIN, ADMIN)])
def test_changes_that_take_away_no_active_admin_are_free(before: StaffMember, after: StaffMember) -> None:
    check_admin_remains(before, after, 1)


def test_only_who_has_not_accepted_and_may_log_in_is_invited_again() -> None:
    check_can_be_invited_again(INVITED)
    refused = []
    for member in (ADMIN, replace(INVITED, disabled_at=NOW)):
        with pytest.raises(Refusal) as caught:
            check_can_be_invited_again(member)
        refused.append(caught.value.reason)
    assert refused == ["INVITATION_ACCEPTED", "STAFF_MEMBER_NOT_FOUND"]
