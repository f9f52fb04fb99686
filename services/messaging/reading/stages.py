"""Pages of a list in two parts, one behind the other, each with the newest first."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from chassis.paging import Position, read_position, read_token, write_token
from chassis.refusal import invalid

T = TypeVar("T")
Fetch: TypeAlias = Callable[[Position | None, int], Awaitable[Sequence[T]]]

_FIRST, _SECOND = "1", "2"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: in which part, and behind what; at the part's beginning where that is missing."""

    in_second: bool = False
    after: Position | None = None

    def token(self) -> str:
        """The token that leads back here."""
        behind = self.after.token() if self.after is not None else ""
        return write_token(_SECOND if self.in_second else _FIRST, behind)


def read_place(token: str) -> Place:
    """Where the page begins; refuses what `Place.token` did not make."""
    if not token:
        return Place()
    part, behind = read_token(token, 2)
    if part not in (_FIRST, _SECOND):
        raise invalid("page_token", "must be a token that a page before came with")
    return Place(part == _SECOND, read_position(behind))


async def two_parts(
    first: Fetch[T], second: Fetch[T], position: Callable[[T], Position], place: Place, size: int
) -> tuple[Sequence[T], Place | None]:
    """The page behind the place, and where it ends, None on the last; the second part fills what is left."""
    page: list[T] = []
    if not place.in_second:
        page.extend(await first(place.after, size + 1))
        if len(page) > size:
            return page[:size], Place(False, position(page[size - 1]))
    left = size - len(page)
    behind = place.after if place.in_second else None
    more = await second(behind, left + 1)
    if len(more) <= left:
        return [*page, *more], None
    end = Place(True, position(more[left - 1])) if left else Place(True, behind)
    return [*page, *more[:left]], end
