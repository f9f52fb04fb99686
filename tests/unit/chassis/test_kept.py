"""What is kept in memory is bounded in number and in time."""

from chassis.kept import Kept


def test_what_was_not_used_for_the_longest_time_goes_first() -> None:
    kept: Kept[str, int] = Kept(most=2, seconds=60)
    kept.keep({"a": 1, "b": 2})
    assert kept.recall(["a"]) == {"a": 1}
    kept.keep({"c": 3})
    assert kept.recall(["a", "b", "c"]) == {"a": 1, "c": 3}


def test_what_is_too_old_or_forgotten_is_not_there() -> None:
    kept: Kept[str, int] = Kept(most=2, seconds=60)
    kept.keep({"a": 1})
    kept.forget("a")
    kept.forget("b")
    assert kept.recall(["a", "b"]) == {}
    late: Kept[str, int] = Kept(most=2, seconds=-1)
    late.keep({"a": 1})
    assert late.recall(["a"]) == {}
