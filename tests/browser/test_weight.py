"""No page weighs more than an old practice PC or a phone far from town takes well, and none jumps."""

from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.busy_practice import BusyPractice, busy_practice
from tests.browser.correspondence import sent
from tests.browser.house import House
from tests.browser.measuring import Meter
from tests.browser.windows import Windows

_MOST_BYTES = 150_000
_TEXT = "Guten Tag, bitte lesen Sie dies in Ruhe und fragen Sie uns, wenn etwas unklar ist.\n\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A page, who looks at it, and what is there when it is complete."""

    side: Literal["practice", "patient", "nobody"]
    path: str
    shown: str


PLACES = {
    "practice's login": Place("nobody", "/practice/login", "h1"),
    "inbox": Place("practice", "/practice/inbox", "main li"),
    "conversation": Place("practice", "/practice/conversations/{conversation}", ".bubble"),
    "patients": Place("practice", "/practice/patients", "h1"),
    "patient's card": Place("practice", "/practice/patients/{patient}", "h1"),
    "writing": Place("practice", "/practice/new?patient={patient}", "form"),
    "drafts": Place("practice", "/practice/drafts", "h1"),
    "tasks": Place("practice", "/practice/tasks", "h1"),
    "administration": Place("practice", "/practice/administration", "h1"),
    "landing": Place("nobody", "/m", "h1"),
    "registration": Place("nobody", "/register", "form"),
    "patient's login": Place("nobody", "/login", "form"),
    "mailbox": Place("patient", "/mailbox", "main li"),
    "message": Place("patient", "/mailbox/messages/{practice}/{message}", "h1"),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A busy practice, and one more patient of it, who has a few messages."""

    busy: BusyPractice
    session: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
def scene(house: House) -> Scene:
    busy = busy_practice(house)
    reader = house.patient(busy.practice, "Rita", "Reichlich")
    session = house.registered(reader)
    messages = [sent(busy.admin.caller, reader, f"Ihr Befund {number}", _TEXT * 10) for number in range(10)]
    ids = {
        "conversation": messages[0].conversation_id,
        "patient": reader.id,
        "practice": busy.practice.id,
        "message": messages[0].message_id,
    }
    return Scene(busy, session, ids)


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_light_and_does_not_jump(name: str, scene: Scene, windows: Windows) -> None:
    place = PLACES[name]
    page = _window(windows, place, scene)
    meter = Meter(page)
    if place.side == "nobody":
        page.goto(place.path)
    else:
        with page.expect_response("**/events"):
            page.goto(place.path.format(**scene.ids))
    expect(page.locator(place.shown).first).to_be_visible()
    print(f"\n· {name}: {meter.bytes_sent / 1000:.1f} kB ({meter.heaviest})", end=" ")
    assert 0 < meter.bytes_sent <= _MOST_BYTES, meter.heaviest
    assert meter.shifts == []


def _window(windows: Windows, place: Place, scene: Scene) -> Page:
    if place.side == "practice":
        return windows.desktop(session=scene.busy.admin.session)
    return windows.phone(session=scene.session if place.side == "patient" else "")
