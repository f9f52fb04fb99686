"""Photos: the picture arrives and the place does not; who opened what; and how much room there is."""

from __future__ import annotations

import io

from PIL import ExifTags, Image

from praxispost.attachments.v1 import attachments_pb2, usage_pb2, usage_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2
from tests.story.callers import Caller
from tests.story.cast import (
    Contact,
    Document,
    Practice,
    download,
    eventually,
    message_to,
    new_id,
    receipt,
    refusal_of,
    register,
    unique_email,
    unique_mobile,
    upload,
)
from tests.story.steps import Play

DEVICE = "Telefon von Pauline Platz"


def a_photo_tells_no_place(play: Play) -> str:
    """Photos go both ways without place and device; the practice sees that the patient opened one."""
    practice = Practice.opened(play.stage, "Hautpraxis am Zoo")
    contact = Contact("Pauline", "Platz", "1990-05-06", unique_email("pauline"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    photo = Document("IMG_1.JPG", "image/jpeg", _photo())
    sent_id = upload(practice.admin, practice.id, patient_id, photo)
    message_id = practice.admin.messages.SendMessage(
        message_to(patient_id, attachment_ids=[sent_id])
    ).message_id
    patient = register(play.stage, contact)
    assert receipt(practice.admin, message_id).attachments_opened == 0
    _tells_nothing(patient, practice.id, message_id)
    eventually(
        lambda: receipt(practice.admin, message_id),
        lambda seen: seen.attachments_opened == 1,
        "nobody told that the photo was opened",
    )
    answer_id = _answer(patient, practice.id, message_id, upload(patient, practice.id, patient_id, photo))
    grant = _tells_nothing(practice.admin, "", answer_id)
    refusal = refusal_of(_original, practice.admin, grant)
    assert refusal.reason == "ORIGINAL_NOT_KEPT", refusal
    used = _room(play.stage.operator, practice, 0)
    for sender in (patient, practice.admin):
        _refuses_what_it_cannot_read(sender, practice.id, patient_id, photo)
    assert _room(play.stage.operator, practice, 0) == used, "a refused photo left something behind"
    _room(play.stage.operator, practice, used)
    refusal = refusal_of(upload, practice.admin, practice.id, patient_id, photo)
    assert refusal.reason == "QUOTA_EXCEEDED", refusal
    return f"opened and told; the place went nowhere; damaged ones refused; {used:,} bytes counted"


def _photo() -> bytes:
    """A picture taken at 52.5° N by a telephone with a name."""
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = DEVICE
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.25)
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 90, 90)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def _refuses_what_it_cannot_read(sender: Caller, practice_id: str, patient_id: str, photo: Document) -> None:
    """Half a photo still says where it was taken."""
    half = Document(photo.name, photo.media_type, photo.content[: len(photo.content) // 2])
    refusal = refusal_of(upload, sender, practice_id, patient_id, half)
    assert refusal.reason == "PHOTO_UNREADABLE", refusal


def _answer(patient: Caller, practice_id: str, message_id: str, attachment_id: str) -> str:
    reply = messaging_pb2.SendReplyRequest(
        request_id=new_id(),
        practice_id=practice_id,
        in_reply_to=message_id,
        body="So sieht es heute aus.",
        attachment_ids=[attachment_id],
    )
    return patient.messages.SendReply(reply).message_id


def _tells_nothing(reader: Caller, practice_id: str, message_id: str) -> messaging_pb2.MessageAttachment:
    """Opens the message's photo and looks for what should not be there."""
    request = messaging_pb2.OpenMessageRequest(practice_id=practice_id, message_id=message_id)
    [attachment] = reader.messages.OpenMessage(request).message.attachments
    rendition = download(reader, practice_id, attachment.id, attachment.grant)
    assert DEVICE.encode() not in rendition, "the photo names its device"
    with Image.open(io.BytesIO(rendition)) as image:
        assert (image.size, dict(image.getexif())) == ((64, 48), {}), image.getexif()
    return attachment


def _original(reader: Caller, attachment: messaging_pb2.MessageAttachment) -> None:
    request = attachments_pb2.DownloadAttachmentRequest(
        attachment_id=attachment.id, grant=attachment.grant, original=True
    )
    list(reader.attachments.DownloadAttachment(request))


def _room(operator: Caller, practice: Practice, quota_bytes: int) -> int:
    """Sets the practice's quota, and returns what its documents take."""
    stub = usage_pb2_grpc.UsageServiceStub(operator.channel("attachments"))
    stub.SetQuota(usage_pb2.SetQuotaRequest(practice_id=practice.id, quota_bytes=quota_bytes))
    return stub.GetUsage(usage_pb2.GetUsageRequest(practice_id=practice.id)).used_bytes
