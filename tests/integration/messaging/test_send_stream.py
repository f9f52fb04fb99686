"""Many messages over one stream: each its own outcome, as if it were sent alone."""

from collections.abc import Iterable, Sequence
from uuid import uuid4

import pytest
from grpc import StatusCode

from chassis.caller import Caller
from chassis.grpc_client import AioRpcError, refusal_of
from chassis.refusal import Refusal
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.post import Post, letter, reason, staff


async def streamed(
    post: Post, caller: Caller, requests: Iterable[wire.SendMessagesRequest]
) -> dict[str, wire.SendOutcome]:
    """The outcomes by request id; raises the Refusal that the stream ends with."""
    found: dict[str, wire.SendOutcome] = {}
    try:
        async for response in post.stub.SendMessages(iter(requests), metadata=post.to(caller)):
            assert response.outcomes
            found.update((each.request_id, each) for each in response.outcomes)
    except AioRpcError as error:
        raise refusal_of(error) or error from error
    return found


def together(messages: Sequence[wire.SendMessageRequest]) -> wire.SendMessagesRequest:
    return wire.SendMessagesRequest(messages=messages)


async def test_each_message_of_a_stream_has_its_own_outcome(post: Post) -> None:
    program = staff(role="practice_service")
    practice_id = program.tenants[0]
    patients = [post.patient(practice_id) for _ in range(40)]
    good = [letter(each, body=f"Gut {each}") for each in patients]
    unknown, wrong = letter(uuid4()), letter(patients[0], subject="")
    earlier = await post.send(program, patients[0], request_id=good[0].request_id, body=good[0].body)
    reused = letter(patients[1], request_id=good[0].request_id)
    parts = [together(good[:20]), together([unknown]), together([wrong]), together(good[20:])]
    found = await streamed(post, program, parts)
    assert found.keys() == {each.request_id for each in (*good, unknown, wrong)}
    assert all(found[each.request_id].HasField("sent") for each in good)
    assert found[good[0].request_id].sent == earlier
    refused = found[unknown.request_id].refused
    assert (refused.code, refused.reason) == (StatusCode.NOT_FOUND.value[0], "PATIENT_NOT_FOUND")
    refused = found[wrong.request_id].refused
    assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", ["subject"])
    assert (await streamed(post, program, [together([reused])]))[reused.request_id].refused.reason == (
        "REQUEST_ID_REUSED"
    )
    rows = await post.rows("SELECT id FROM message WHERE practice_id = :practice", practice=practice_id)
    assert {str(row.id) for row in rows} == {found[each.request_id].sent.message_id for each in good}


@pytest.mark.parametrize("count", [0, 65])
async def test_a_request_without_messages_or_with_too_many_ends_the_stream(post: Post, count: int) -> None:
    program = staff(role="practice_service")
    patient_id = post.patient(program.tenants[0])
    before = letter(patient_id, body="davor")
    bad = together([letter(patient_id) for _ in range(count)])
    with pytest.raises(Refusal) as refused:
        await streamed(post, program, [together([before]), bad])
    assert [each.field for each in refused.value.fields] == ["messages"]
    (message,) = (await post.history(program, patient_id)).messages
    again = await streamed(post, program, [together([before])])
    assert again[before.request_id].sent.message_id == message.id


async def test_staff_and_accounts_have_no_stream(post: Post) -> None:
    assert await reason(streamed(post, staff(), [])) == "METHOD_NOT_ALLOWED"
