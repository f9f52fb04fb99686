"""Practices: made by operators, changed by their admins, unseen by all others."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from praxispost.identity.v1 import practices_pb2
from tests.integration.identity.organisation.house import House, request_id
from tests.integration.identity.stage import reason, refusal


def create(**settings: Any) -> practices_pb2.CreatePracticeRequest:
    return practices_pb2.CreatePracticeRequest(
        request_id=request_id(),
        settings=practices_pb2.PracticeSettings(**settings),
        first_admin=practices_pb2.FirstAdmin(
            email="chef@example.com", given_name="Anna", family_name="Arndt"
        ),
    )


async def test_a_new_practice_has_the_usual_settings_and_an_invited_admin(house: House) -> None:
    request = create(name=" Praxis am Park ")
    made = await house.practices.CreatePractice(request, metadata=house.caller("operator"))
    own = house.caller("practice_service", practice_id=UUID(made.practice_id))
    got = await house.practices.GetPractice(practices_pb2.GetPracticeRequest(), metadata=own)
    assert got.practice.settings == practices_pb2.PracticeSettings(
        name="Praxis am Park",
        prompt_name="Praxis am Park",
        language=practices_pb2.LANGUAGE_GERMAN,
        region="DE",
    )
    invitation = await house.invitation("chef@example.com")
    assert (invitation.practice_name, invitation.language) == ("Praxis am Park", "de")


async def test_the_same_request_again_makes_no_second_practice(house: House) -> None:
    request, operator = create(name="Praxis Doppelt"), house.caller("operator", subject_id=uuid4())
    first = await house.practices.CreatePractice(request, metadata=operator)
    assert await house.practices.CreatePractice(request, metadata=operator) == first
    request.settings.phone = "1"
    refused = reason(house.practices.CreatePractice(request, metadata=operator))
    assert await refused == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"name": ""}, "settings.name"),
        ({"name": "x" * 121}, "settings.name"),
        ({"name": "Praxis\nzwei"}, "settings.name"),
        ({"name": "x" * 81}, "settings.prompt_name"),
        ({"name": "Praxis", "prompt_name": "x" * 81}, "settings.prompt_name"),
        ({"name": "Praxis", "phone": "1" * 41}, "settings.phone"),
        ({"name": "Praxis", "absence_notice": "x" * 501}, "settings.absence_notice"),
        ({"name": "Praxis", "imprint_url": "http://praxis.example"}, "settings.imprint_url"),
        ({"name": "Praxis", "imprint_url": "javascript:alert(1)"}, "settings.imprint_url"),
        ({"name": "Praxis", "privacy_url": "https://"}, "settings.privacy_url"),
        ({"name": "Praxis", "privacy_url": "https://a.example/" + "x" * 300}, "settings.privacy_url"),
        ({"name": "Praxis", "region": "Germany"}, "settings.region"),
        ({"name": "Praxis", "region": "ZZ"}, "settings.region"),
    ],
)
async def test_settings_that_cannot_be_are_refused_by_name(
    house: House, settings: dict[str, str], field: str
) -> None:
    call = house.practices.CreatePractice(create(**settings), metadata=house.caller("operator"))
    refused = await refusal(call)
    assert (refused.reason, [each.field for each in refused.fields]) == ("INVALID_FIELD", [field])


async def test_an_admin_changes_only_what_the_mask_names(house: House) -> None:
    practice = await house.practice("Praxis Alt")
    admin = house.caller("admin", practice.id)
    request = practices_pb2.UpdatePracticeRequest(
        settings=practices_pb2.PracticeSettings(name="", prompt_name="Neutral", phone="x" * 99),
        update_mask=FieldMask(paths=["prompt_name"]),
    )
    changed = await house.practices.UpdatePractice(request, metadata=admin)
    assert changed.practice.settings.prompt_name == "Neutral"
    assert changed.practice.settings.name == "Praxis Alt"
    got = await house.practices.GetPractice(practices_pb2.GetPracticeRequest(), metadata=admin)
    assert got.practice == changed.practice
    assert (await house.audited(practice.id))[-1] == "practice.update"


@pytest.mark.parametrize("paths", [[], ["id"], ["name", "settings.phone"]])
async def test_a_mask_of_nothing_or_of_unknown_fields_is_refused(house: House, paths: list[str]) -> None:
    practice = await house.practice()
    request = practices_pb2.UpdatePracticeRequest(
        settings=practices_pb2.PracticeSettings(name="Neu"), update_mask=FieldMask(paths=paths)
    )
    call = house.practices.UpdatePractice(request, metadata=house.caller("admin", practice.id))
    assert [each.field for each in (await refusal(call)).fields] == ["update_mask"]


async def test_an_operator_reads_every_practice_page_by_page(house: House) -> None:
    operator = house.caller("operator")
    made = [str((await house.practice(f"Praxis {number}")).id) for number in range(3)]
    seen: list[str] = []
    request = practices_pb2.ListPracticesRequest(page_size=2)
    while True:
        page = await house.practices.ListPractices(request, metadata=operator)
        assert len(page.practices) <= 2
        seen.extend(each.id for each in page.practices)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert [each for each in seen if each in made] == made
    assert len(seen) == len(set(seen))
    one = practices_pb2.GetPracticeRequest(practice_id=made[0])
    assert (await house.practices.GetPractice(one, metadata=operator)).practice.id == made[0]


async def test_a_foreign_practice_looks_like_none(house: House) -> None:
    own, foreign = await house.practice(), await house.practice()
    for practice_id in (foreign.id, uuid4()):
        request = practices_pb2.GetPracticeRequest(practice_id=str(practice_id))
        call = house.practices.GetPractice(request, metadata=house.caller("admin", own.id))
        assert await reason(call) == "PRACTICE_NOT_FOUND"
    absent = practices_pb2.GetPracticeRequest(practice_id=str(uuid4()))
    call = house.practices.GetPractice(absent, metadata=house.caller("operator"))
    assert await reason(call) == "PRACTICE_NOT_FOUND"
    unnamed = house.practices.GetPractice(
        practices_pb2.GetPracticeRequest(), metadata=house.caller("operator")
    )
    assert await reason(unnamed) == "PRACTICE_NOT_FOUND"


async def test_an_absence_notice_of_several_lines_is_set_and_taken_away(house: House) -> None:
    practice = await house.practice()
    admin = house.caller("admin", practice.id)
    for notice in ("Bis Montag geschlossen.\nVertretung: Praxis am Markt.", ""):
        request = practices_pb2.UpdatePracticeRequest(
            settings=practices_pb2.PracticeSettings(absence_notice=notice),
            update_mask=FieldMask(paths=["absence_notice"]),
        )
        await house.practices.UpdatePractice(request, metadata=admin)
        got = await house.practices.GetPractice(practices_pb2.GetPracticeRequest(), metadata=admin)
        assert got.practice.settings.absence_notice == notice


async def test_links_to_imprint_and_privacy_notice_are_set_and_taken_away(house: House) -> None:
    practice = await house.practice()
    admin = house.caller("admin", practice.id)
    for link in ("https://praxis.example/impressum", ""):
        request = practices_pb2.UpdatePracticeRequest(
            settings=practices_pb2.PracticeSettings(imprint_url=link, privacy_url=link),
            update_mask=FieldMask(paths=["imprint_url", "privacy_url"]),
        )
        await house.practices.UpdatePractice(request, metadata=admin)
        got = await house.practices.GetPractice(practices_pb2.GetPracticeRequest(), metadata=admin)
        assert (got.practice.settings.imprint_url, got.practice.settings.privacy_url) == (link, link)
