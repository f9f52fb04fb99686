"""Documents of any kind and size go in, are claimed, and come out as they were."""

import os
from time import time
from uuid import uuid4

import pytest

from praxispost.attachments.v1 import attachments_pb2 as pb
from services.attachments.domain import LIFETIME_UNCLAIMED
from tests.integration.attachments.house import CHUNK, LIMIT, House, account, header, sha256, staff
from tests.integration.attachments.samples import SAMPLES, Sample

_PART = 5 * 1024 * 1024


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
async def test_a_document_of_any_kind_comes_out_as_it_went_in(house: House, sample: Sample) -> None:
    physician, patient_id, message_id = staff(), uuid4(), uuid4()
    sent = header(patient_id, file_name=sample.name, media_type=sample.declared)
    uploaded = await house.upload(physician, sample.content, sent)
    assert uploaded.sniffed_media_type == sample.sniffed
    claimed = await house.claim(physician, patient_id, uploaded.attachment_id, message_id=message_id)
    downloaded = await house.download(physician, uploaded.attachment_id)
    told = (sample.name, sample.served, len(sample.content), sha256(sample.content))
    assert [(each.file_name, each.media_type, each.size, each.sha256) for each in claimed] == [told]
    got = downloaded.header
    assert (got.file_name, got.media_type, got.size, got.sha256) == told
    assert downloaded.content == sample.content


@pytest.mark.parametrize("declared", [False, True], ids=["size unknown", "size declared"])
@pytest.mark.parametrize(
    "size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, _PART - 90, _PART, _PART + 1, 2 * _PART + 12_345]
)
async def test_a_document_of_any_size_comes_out_as_it_went_in(
    house: House, size: int, declared: bool
) -> None:
    physician, patient_id, content = staff(), uuid4(), os.urandom(size)
    sent = header(patient_id, size=size if declared else 0, sha256=sha256(content) if declared else b"")
    uploaded = await house.upload(physician, content, sent)
    assert (uploaded.size, uploaded.sha256) == (size, sha256(content))
    await house.claim(physician, patient_id, uploaded.attachment_id, message_id=uuid4())
    downloaded = await house.download(physician, uploaded.attachment_id)
    assert downloaded.content == content
    assert all(1 <= chunk <= CHUNK for chunk in downloaded.chunk_sizes)


async def test_a_document_of_exactly_the_limit_is_taken(house: House) -> None:
    physician, patient_id, content = staff(), uuid4(), os.urandom(LIMIT)
    uploaded = await house.upload(physician, content, header(patient_id))
    await house.claim(physician, patient_id, uploaded.attachment_id, message_id=uuid4())
    assert sha256((await house.download(physician, uploaded.attachment_id)).content) == sha256(content)


async def test_chunks_of_any_size_make_the_same_document(house: House) -> None:
    physician, patient_id, content = staff(), uuid4(), os.urandom(362_147)
    sizes = [1, 2, 262_144, 65_536, 10, 34_454]
    chunks = [content[sum(sizes[:index]) : sum(sizes[: index + 1])] for index in range(len(sizes))]
    requests = [pb.UploadAttachmentRequest(header=header(patient_id))]
    requests += [pb.UploadAttachmentRequest(chunk=chunk) for chunk in chunks]
    uploaded = await house.send(physician, iter(requests))
    assert uploaded.sha256 == sha256(content)


async def test_an_uploader_is_told_when_an_unclaimed_document_goes(house: House) -> None:
    uploaded = await house.upload(staff(), b"text", header(uuid4()))
    left = uploaded.expires_at.ToSeconds() - int(time())
    assert abs(left - LIFETIME_UNCLAIMED.total_seconds()) < 10


async def test_a_patient_uploads_for_an_answer_and_reads_it_again(house: House) -> None:
    practice_id, patient_id = uuid4(), uuid4()
    patient = account(practice_id, patient_id)
    uploaded = await house.upload(patient, b"photo", header(patient_id, practice_id=str(practice_id)))
    await house.claim(patient, patient_id, uploaded.attachment_id, message_id=uuid4())
    assert (await house.download(patient, uploaded.attachment_id)).content == b"photo"
