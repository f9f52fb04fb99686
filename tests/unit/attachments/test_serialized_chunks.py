"""A chunk that is serialized by hand is what protobuf makes of it."""

from hypothesis import given
from hypothesis import strategies as st

from praxispost.attachments.v1 import attachments_pb2 as pb
from services.attachments.serialized_chunks import serialized_chunk


@given(st.lists(st.integers(0, 70_000), min_size=1, max_size=9))
def test_it_is_the_response_that_protobuf_serializes(sizes: list[int]) -> None:
    segments = [bytes([number]) * size for number, size in enumerate(sizes)]
    made, whole = serialized_chunk(segments), b"".join(segments)
    assert made.content == pb.DownloadAttachmentResponse(chunk=whole).SerializeToString()
    assert len(made) == len(whole)
