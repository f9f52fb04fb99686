"""Nobody takes more than their share of the places for uploads."""

from contextlib import ExitStack
from uuid import uuid4

import pytest

from chassis.refusal import Refusal
from services.attachments.shares import Shares


def test_one_too_many_is_refused_and_others_are_not() -> None:
    shares, one, other = Shares(2), uuid4(), uuid4()
    with ExitStack() as held:
        held.enter_context(shares.one(one))
        held.enter_context(shares.one(one))
        with pytest.raises(Refusal) as refused, shares.one(one):
            pass
        assert (refused.value.reason, refused.value.metadata) == ("TOO_MANY_UPLOADS", {"limit": "2"})
        held.enter_context(shares.one(other))


def test_a_place_is_free_again_however_its_upload_ended() -> None:
    shares, one = Shares(1), uuid4()
    with pytest.raises(ValueError, match="broken"), shares.one(one):
        raise ValueError("broken")
    with shares.one(one):
        pass
