"""A PDF or scan is shown as pictures of its pages, under the rules of a download."""

import asyncio
from uuid import UUID, uuid4

import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments import papers
from tests.integration.attachments.house import House, account, header, staff
from tests.integration.attachments.traces import Traces


async def _sent(house: House, physician: Caller, patient_id: UUID, content: bytes) -> str:
    uploaded = await house.upload(physician, content, header(patient_id))
    await house.claim(physician, patient_id, uploaded.attachment_id, message_id=uuid4())
    return uploaded.attachment_id


def _pages(responses: list[pb.ShowAttachmentResponse]) -> list[tuple[str, bytes]]:
    """The texts and pictures that came after the header."""
    pages: list[tuple[str, bytes]] = []
    for response in responses[1:]:
        if response.HasField("page"):
            pages.append((response.page.text, b""))
        else:
            assert 1 <= len(response.chunk) <= 65_536
            text, picture = pages[-1]
            pages[-1] = (text, picture + response.chunk)
    sizes = [response.page.size for response in responses if response.HasField("page")]
    assert sizes == [len(picture) for _, picture in pages]
    return pages


async def test_a_pdf_is_shown_page_by_page_and_counts_as_opened(house: House, traces: Traces) -> None:
    physician, patient_id = staff(), uuid4()
    patient = account(physician.tenants[0], patient_id)
    attachment_id = await _sent(house, physician, patient_id, papers.pdf(["eins", "zwei"]))
    responses = await house.show(patient, attachment_id)
    document = responses[0].document
    assert (document.file_name, document.page_count) == ("Befund.pdf", 2)
    pages = _pages(responses)
    assert [text for text, _ in pages] == ["eins", "zwei"]
    assert all(picture.startswith(b"\xff\xd8\xff") for _, picture in pages)
    [row] = traces.audit(object_id=UUID(attachment_id), action="download_attachment")
    assert row["actor_id"] == patient.subject_id
    assert [each.type for each in traces.events() if each.aggregate_id == attachment_id] == [
        "attachments.attachment_opened"
    ]


async def test_a_scan_is_shown(house: House) -> None:
    physician = staff()
    attachment_id = await _sent(house, physician, uuid4(), papers.scan(2))
    assert len(_pages(await house.show(physician, attachment_id))) == 2


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnothing", b"text"], ids=["broken", "text"])
async def test_what_cannot_be_drawn_is_refused(house: House, content: bytes) -> None:
    physician = staff()
    attachment_id = await _sent(house, physician, uuid4(), content)
    with pytest.raises(Refusal) as refused:
        await house.show(physician, attachment_id)
    assert (refused.value.status.name, refused.value.reason) == ("FAILED_PRECONDITION", "NOT_SHOWN")


async def test_without_a_good_grant_nothing_is_shown(house: House) -> None:
    physician, patient_id = staff(), uuid4()
    attachment_id = await _sent(house, physician, patient_id, papers.pdf(["eins"]))
    stranger = staff(physician.tenant_id)
    for caller, changed in (
        (physician, {"grant": ""}),
        (physician, {"grant": house.grant(stranger, attachment_id)}),
        (staff(), {"practice_id": str(physician.tenant_id)}),
    ):
        with pytest.raises(Refusal) as refused:
            await house.show(caller, attachment_id, **changed)
        assert refused.value.reason == "GRANT_REFUSED"


async def test_nobody_takes_all_places(house: House) -> None:
    physician, patient_id = staff(), uuid4()
    attachment_id = await _sent(house, physician, patient_id, papers.pdf(["eins"]))
    shown = (house.show(physician, attachment_id) for _ in range(4))
    outcomes = await asyncio.gather(*shown, return_exceptions=True)
    refused = [each.reason for each in outcomes if isinstance(each, Refusal)]
    assert refused == ["OVERLOADED"] * 2
    assert len(_pages(await house.show(physician, attachment_id))) == 1
