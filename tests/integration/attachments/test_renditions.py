"""Of a photo everybody gets the picture, upright, and nothing of where, when and by what it was taken."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from PIL import Image

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from services.attachments.orphans import OrphanSweep
from tests.integration.attachments import pictures
from tests.integration.attachments.collecting import collect
from tests.integration.attachments.house import House, account, header, sha256, staff
from tests.integration.attachments.traces import Traces

_KINDS = {
    "JPEG": ("image/jpeg", ".jpg"),
    "PNG": ("image/png", ".png"),
    "WEBP": ("image/webp", ".webp"),
    "TIFF": ("image/tiff", ".tif"),
}


async def _sent(
    house: House, caller: Caller, patient_id: UUID, content: bytes, sent: pb.UploadHeader
) -> pb.ClaimedAttachment:
    """A photo that a message of the caller's has, as messaging knows it."""
    uploaded = await house.upload(caller, content, sent)
    assert (uploaded.size, uploaded.sha256) == (len(content), sha256(content))
    [claimed] = await house.claim(caller, patient_id, uploaded.attachment_id, message_id=uuid4())
    return claimed


async def _from_patient(
    house: House, content: bytes, name: str = "IMG_1.jpg", *, keep_original: bool = False
) -> tuple[Caller, Caller, pb.ClaimedAttachment]:
    physician, patient_id = staff(), uuid4()
    patient = account(physician.tenants[0], patient_id)
    sent = header(
        patient_id, practice_id=str(physician.tenant_id), file_name=name, keep_original=keep_original
    )
    return physician, patient, await _sent(house, patient, patient_id, content, sent)


async def _reason(house: House, caller: Caller, attachment_id: str) -> str:
    with pytest.raises(Refusal) as refused:
        await house.download(caller, attachment_id, original=True)
    return refused.value.reason


@pytest.mark.parametrize("kind", sorted(_KINDS))
async def test_a_patients_photo_comes_to_the_practice_without_its_place(
    house: House, traces: Traces, kind: str
) -> None:
    media_type, suffix = _KINDS[kind]
    content = pictures.photo(kind)
    assert pictures.CANARY.encode() in content
    physician, _, claimed = await _from_patient(house, content, f"Wunde{suffix}")
    downloaded = await house.download(physician, claimed.id)
    assert pictures.is_upright(pictures.opened(downloaded.content))
    assert pictures.has_nothing_else(downloaded.content)
    told = (f"Wunde{suffix}", media_type, len(downloaded.content), sha256(downloaded.content))
    got = downloaded.header
    assert (claimed.file_name, claimed.media_type, claimed.size, claimed.sha256) == told
    assert (got.file_name, got.media_type, got.size, got.sha256) == told
    assert len(traces.objects(physician.tenant_id)) == 1


async def test_a_heic_photo_comes_as_a_jpeg(house: House) -> None:
    physician, _, claimed = await _from_patient(house, pictures.HEIC, "IMG_0001.HEIC")
    assert (claimed.file_name, claimed.media_type) == ("IMG_0001.jpg", "image/jpeg")
    content = (await house.download(physician, claimed.id)).content
    assert pictures.is_upright(pictures.opened(content))
    assert pictures.has_nothing_else(content)


async def test_colours_are_kept_without_the_profile(house: House) -> None:
    profile = pictures.colour_profile()
    physician, _, claimed = await _from_patient(house, pictures.photo("JPEG", icc_profile=profile))
    content = (await house.download(physician, claimed.id)).content
    assert pictures.is_upright(pictures.opened(content))
    assert pictures.has_nothing_else(content)


async def test_a_photo_as_it_came_is_not_kept_unless_the_patient_agrees(house: House) -> None:
    physician, patient, claimed = await _from_patient(house, pictures.photo("JPEG"))
    assert not (await house.download(physician, claimed.id)).header.original_kept
    for caller in (physician, patient):
        assert await _reason(house, caller, claimed.id) == "ORIGINAL_NOT_KEPT"


async def test_a_photo_as_it_came_is_kept_for_the_practice_if_the_patient_agrees(
    house: House, traces: Traces
) -> None:
    content = pictures.photo("JPEG")
    physician, patient, claimed = await _from_patient(house, content, keep_original=True)
    shown = await house.download(physician, claimed.id)
    assert shown.header.original_kept
    assert pictures.has_nothing_else(shown.content)
    original = await house.download(physician, claimed.id, original=True)
    assert (original.content, original.header.sha256) == (content, sha256(content))
    assert (await house.download(physician, claimed.id, original=True, offset=7)).content == content[7:]
    assert await _reason(house, patient, claimed.id) == "ORIGINAL_NOT_KEPT"
    assert not (await house.download(patient, claimed.id)).header.original_kept
    assert len(traces.audit(object_id=UUID(claimed.id), action="download_original")) == 2


async def test_a_practice_keeps_its_own_photo_and_the_patient_gets_its_rendition(house: House) -> None:
    physician, patient_id, content = staff(), uuid4(), pictures.photo("JPEG")
    claimed = await _sent(house, physician, patient_id, content, header(patient_id, file_name="Haut.jpg"))
    patient = account(physician.tenants[0], patient_id)
    assert pictures.has_nothing_else((await house.download(patient, claimed.id)).content)
    assert await _reason(house, patient, claimed.id) == "ORIGINAL_NOT_KEPT"
    assert (await house.download(physician, claimed.id, original=True)).content == content


async def test_other_documents_are_their_own_originals(house: House) -> None:
    physician, _, claimed = await _from_patient(house, b"%PDF-1.7\n", "Befund.pdf")
    assert (await house.download(physician, claimed.id, original=True)).content == b"%PDF-1.7\n"


async def test_the_same_photo_again_has_the_same_answer(house: House) -> None:
    physician, patient_id, content = staff(), uuid4(), pictures.photo("PNG")
    patient = account(physician.tenants[0], patient_id)
    sent = header(patient_id, practice_id=str(physician.tenant_id), file_name="a.png")
    first = await house.upload(patient, content, sent)
    assert await house.upload(patient, content, sent) == first
    sent.keep_original = True
    with pytest.raises(Refusal) as refused:
        await house.upload(patient, content, sent)
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_all_pages_of_a_scan_stay(house: House) -> None:
    physician, _, claimed = await _from_patient(house, pictures.pages("TIFF"), "Fax.tif")
    rendition = pictures.opened((await house.download(physician, claimed.id)).content)
    assert claimed.media_type == "image/tiff"
    assert [_red(rendition, page) for page in range(3)] == [10, 120, 240]


def _red(image: Image.Image, page: int) -> object:
    image.seek(page)
    pixel = image.convert("RGB").getpixel((1, 1))
    return pixel[0] if isinstance(pixel, tuple) else pixel


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("PNG", "Gang.png", {"exif": pictures.told()}),
        ("WEBP", "Gang.webp", {"exif": pictures.told()}),
        ("GIF", "Gang.gif", {"comment": pictures.CANARY}),
    ],
)
async def test_what_moves_stays_moving_and_tells_no_place(
    house: House, kind: str, name: str, told: dict[str, object]
) -> None:
    content = pictures.pages(kind, duration=[40, 80, 120], loop=3, **told)
    assert pictures.CANARY.encode() in content
    physician, _, claimed = await _from_patient(house, content, name)
    downloaded = (await house.download(physician, claimed.id)).content
    assert (claimed.file_name, claimed.media_type) == (name, f"image/{kind.lower()}")
    assert pictures.has_nothing_else(downloaded)
    rendition = pictures.opened(downloaded)
    assert rendition.info["loop"] == 3
    reds = [_red(rendition, frame) for frame in range(3)]
    assert reds == pytest.approx([10, 120, 240], abs=8)


async def test_of_a_huge_photo_a_smaller_rendition_is_made(house: House) -> None:
    physician, _, claimed = await _from_patient(house, pictures.huge(15_000, 5_000))
    content = (await house.download(physician, claimed.id)).content
    rendition = pictures.opened(content)
    assert rendition.size == (7_500, 2_500)
    assert pictures.has_nothing_else(content)


@pytest.mark.parametrize("by_patient", [True, False], ids=["patient", "practice"])
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (pictures.photo("JPEG")[:-200], "image/jpeg"),
        (pictures.photo("PNG")[:60], ""),
        (pictures.HEIC[:400], "image/heic"),
        (pictures.HEIC.replace(b"ftypheic", b"ftypxxxx"), "image/heic"),
        (b"\xff\xd8\xff" + bytes(70_000), ""),
        (b"\x00" + pictures.photo("JPEG"), "image/jpeg"),
        (pictures.bomb(30_000, 30_000), "image/png"),
        (pictures.bomb(400, 1_000_000), ""),
    ],
    ids=["cut", "cut in its head", "cut HEIC", "unknown HEIC", "none", "shifted", "bomb", "long bomb"],
)
async def test_a_photo_that_cannot_be_read_is_refused_and_leaves_nothing(
    house: House, traces: Traces, content: bytes, media_type: str, by_patient: bool
) -> None:
    physician, patient_id = staff(), uuid4()
    caller = account(physician.tenants[0], patient_id) if by_patient else physician
    sent = header(
        patient_id,
        practice_id=str(physician.tenant_id),
        file_name="IMG_1.jpg",
        media_type=media_type,
        keep_original=True,
    )
    with pytest.raises(Refusal) as refused:
        await house.upload(caller, content, sent)
    assert refused.value.reason == "PHOTO_UNREADABLE"
    assert traces.nothing_of(physician.tenant_id)


async def test_a_photo_goes_with_the_one_that_came(house: House, traces: Traces) -> None:
    physician, patient_id = staff(), uuid4()
    uploaded = await house.upload(physician, pictures.photo("JPEG"), header(patient_id))
    assert len(traces.objects(physician.tenant_id)) == 2
    await _sweep(house)
    assert len(traces.objects(physician.tenant_id)) == 2
    traces.set_age(uploaded.attachment_id, hours=25)
    await collect(house)
    assert traces.nothing_of(physician.tenant_id)


async def _sweep(house: House) -> None:
    """As if every object were old."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    sweep = OrphanSweep(
        database=house.database, store=house.store, clock=lambda: tomorrow, young_for=timedelta()
    )
    await sweep.sweep()
