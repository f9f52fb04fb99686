"""A practice sends a message: what is stored, what is refused, and that it happens once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1.events_pb2 import MessageSent
from tests.integration.messaging.post import Post, account, letter, reason, refusing, service, staff


def _document(post: Post) -> str:
    document_id = str(uuid4())
    post.neighbours.documents[document_id] = attachments_pb2.ClaimedAttachment(
        id=document_id, file_name="Befund.pdf", media_type="application/pdf", size=7, sha256=b"\1" * 32
    )
    return document_id


async def _messages_of(post: Post, practice_id: UUID) -> int:
    query = "SELECT count(*) AS count FROM message WHERE practice_id = :practice"
    count: int = (await post.rows(query, practice=practice_id))[0].count
    return count


async def test_a_sent_message_is_stored_with_everything_that_follows(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    sent = await post.send(physician, patient_id)
    (line,) = (await post.conversations(physician)).conversations
    assert (line.id, line.patient_id, line.unread_answers) == (sent.conversation_id, str(patient_id), 0)
    newest = line.newest
    assert (newest.id, newest.subject, newest.purpose) == (
        sent.message_id,
        "Ihr Befund",
        wire.PURPOSE_FINDINGS,
    )
    assert newest.author_id == str(physician.subject_id)
    assert newest.author_kind == wire.AUTHOR_KIND_STAFF_MEMBER
    assert newest.receipt.state == wire.RECEIPT_STATE_QUEUED
    assert newest.reply_until.seconds - newest.sent_at.seconds == 30 * 24 * 3600
    query = "SELECT envelope FROM outbox WHERE type = 'messaging.message_sent'"
    envelopes = [Envelope.FromString(row.envelope) for row in await post.rows(query)]
    (envelope,) = [each for each in envelopes if each.aggregate_id == sent.message_id]
    told = MessageSent.FromString(envelope.data)
    assert (told.patient_id, told.conversation_id) == (str(patient_id), sent.conversation_id)
    audited = await post.rows(
        "SELECT actor_id, action FROM audit WHERE object_id = :message", message=UUID(sent.message_id)
    )
    assert [tuple(row) for row in audited] == [(physician.subject_id, "message.sent")]


async def test_a_practices_service_account_is_named_as_such(post: Post) -> None:
    program = staff(role="practice_service")
    patient_id = post.patient(program.tenants[0])
    await post.send(program, patient_id)
    (message,) = (await post.history(program, patient_id)).messages
    assert message.author_kind == wire.AUTHOR_KIND_SERVICE_ACCOUNT


async def test_messages_to_one_patient_share_a_conversation(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    first, second = await post.send(physician, patient_id), await post.send(physician, patient_id)
    assert first.conversation_id == second.conversation_id
    history = (await post.history(physician, patient_id)).messages
    assert [each.id for each in history] == [second.message_id, first.message_id]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", ""),
        ("request_id", "17"),
        ("patient_id", "nobody"),
        ("purpose", 0),
        ("purpose", 99),
        ("subject", ""),
        ("subject", "x" * 201),
        ("subject", "two\nlines"),
        ("subject", "bell\a"),
        ("body", ""),
        ("body", "x" * 20_001),
        ("body", "null\0"),
        ("attachment_ids", [str(uuid4()) for _ in range(11)]),
        ("attachment_ids", ["00000000-0000-0000-0000-000000000001"] * 2),
    ],
)
async def test_unacceptable_fields_are_named_and_nothing_is_stored(
    post: Post, field: str, value: object
) -> None:
    physician = staff()
    with pytest.raises(Refusal) as refused:
        await post.send(physician, post.patient(physician.tenants[0]), **{field: value})
    assert refused.value.reason == "INVALID_FIELD"
    assert [each.field for each in refused.value.fields] == [field]
    assert await _messages_of(post, physician.tenants[0]) == 0


async def test_the_longest_text_in_any_script_keeps_its_lines(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    body = "🩺\n" * 10_000
    sent = await post.send(physician, patient_id, body=body, subject="ß" * 200)
    opened = await post.open(account((physician.tenants[0], patient_id)), sent.message_id)
    assert (opened.body, opened.summary.subject) == (body, "ß" * 200)


async def test_foreign_and_absent_patients_look_the_same(post: Post) -> None:
    physician, neighbour = staff(), staff()
    foreign, absent = post.patient(neighbour.tenants[0]), uuid4()
    refusals = []
    for patient_id in (foreign, absent):
        with pytest.raises(Refusal) as refused:
            await post.send(physician, patient_id)
        refusals.append((refused.value.status, refused.value.reason, refused.value.message))
    assert refusals[0] == refusals[1]
    assert refusals[0][1] == "PATIENT_NOT_FOUND"


@pytest.mark.parametrize(
    ("state", "expected", "metadata"),
    [
        ({"has_mobile": False}, "CONTACT_MISSING", {"missing": "mobile"}),
        ({"has_email": False, "has_mobile": False}, "CONTACT_MISSING", {"missing": "email,mobile"}),
        ({"conflict": True}, "CONTACT_CONFLICT", {}),
    ],
)
async def test_a_patient_who_cannot_be_reached_gets_no_message(
    post: Post, state: dict[str, bool], expected: str, metadata: dict[str, str]
) -> None:
    physician = staff()
    patient_id = uuid4()
    post.knows(physician.tenants[0], patient_id, **state)
    with pytest.raises(Refusal) as refused:
        await post.send(physician, patient_id)
    assert (refused.value.reason, dict(refused.value.metadata)) == (expected, metadata)
    assert await _messages_of(post, physician.tenants[0]) == 0


async def test_who_just_added_the_number_is_not_refused(post: Post) -> None:
    physician = staff()
    practice_id, patient_id = physician.tenants[0], uuid4()
    post.knows(practice_id, patient_id, has_mobile=False)
    assert await reason(post.send(physician, patient_id)) == "CONTACT_MISSING"
    post.knows(practice_id, patient_id, version=2, contact_version=2)
    await post.send(physician, patient_id)


async def test_identity_is_asked_once_and_not_needed_for_known_patients(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    await post.send(physician, patient_id)
    post.neighbours.away.add("identity")
    await post.send(physician, patient_id)
    assert post.neighbours.asked.count(patient_id) == 1


async def test_an_unknown_patient_waits_until_identity_can_be_asked(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    post.neighbours.away.add("identity")
    with pytest.raises(Refusal) as refused:
        await post.send(physician, patient_id)
    assert refused.value.reason == "DEPENDENCY_UNAVAILABLE"
    assert dict(refused.value.metadata) == {"dependency": "identity"}
    post.neighbours.away.clear()
    await post.send(physician, patient_id)


async def test_attachments_are_claimed_for_the_message_and_named_in_it(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    documents = [_document(post), _document(post)]
    sent = await post.send(physician, patient_id, attachment_ids=documents)
    (claim,) = post.neighbours.claims
    assert (claim.practice_id, claim.patient_id) == (str(practice_id), str(patient_id))
    assert (claim.message_id, claim.uploader_id) == (sent.message_id, str(physician.subject_id))
    opened = await post.open(account((practice_id, patient_id)), sent.message_id)
    assert [each.id for each in opened.attachments] == documents
    first = opened.attachments[0]
    assert (first.file_name, first.media_type, first.size) == ("Befund.pdf", "application/pdf", 7)
    assert first.sha256 == b"\1" * 32


async def test_an_attachment_that_cannot_be_claimed_is_named_and_nothing_is_stored(post: Post) -> None:
    physician = staff()
    missing = str(uuid4())
    with pytest.raises(Refusal) as refused:
        await post.send(physician, post.patient(physician.tenants[0]), attachment_ids=[missing])
    assert refused.value.reason == "ATTACHMENT_NOT_FOUND"
    assert dict(refused.value.metadata) == {"attachment_id": missing}
    assert await _messages_of(post, physician.tenants[0]) == 0


async def test_attachments_that_cannot_be_asked_for_make_the_caller_try_again(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    request = letter(patient_id, attachment_ids=[_document(post)])
    post.neighbours.away.add("attachments")
    call = refusing(post.stub.SendMessage(request, metadata=post.to(physician)))
    assert await reason(call) == "DEPENDENCY_UNAVAILABLE"
    post.neighbours.away.clear()
    await post.stub.SendMessage(request, metadata=post.to(physician))
    first, second = (
        {each.message_id for each in post.neighbours.claims},
        await _messages_of(post, physician.tenants[0]),
    )
    assert (len(first), second) == (1, 1)


async def test_the_same_request_twice_makes_one_message(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    request = letter(patient_id, attachment_ids=[_document(post)])
    answers = [await post.stub.SendMessage(request, metadata=post.to(physician)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(post.neighbours.claims) == 1
    assert await _messages_of(post, physician.tenants[0]) == 1


async def test_a_request_that_is_repeated_after_a_month_makes_no_second_message(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    request = letter(post.patient(practice_id))
    await post.stub.SendMessage(request, metadata=post.to(physician))
    forget = "DELETE FROM request WHERE request_id = :request RETURNING 1"
    assert len(await post.rows(forget, request=UUID(request.request_id))) == 1
    again = post.stub.SendMessage(request, metadata=post.to(physician))
    assert await reason(refusing(again)) == "REQUEST_ID_REUSED"
    assert await _messages_of(post, practice_id) == 1


async def test_an_answered_request_is_answered_alike_whatever_has_changed_since(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    request = letter(patient_id)
    answer = await post.stub.SendMessage(request, metadata=post.to(physician))
    post.neighbours.away.update({"identity", "attachments"})
    await post.rows(
        "UPDATE patient_state SET has_email = false WHERE patient_id = :patient RETURNING 1",
        patient=patient_id,
    )
    assert await post.stub.SendMessage(request, metadata=post.to(physician)) == answer


async def test_the_same_request_at_the_same_moment_makes_one_message(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    request = letter(patient_id)
    calls = [post.stub.SendMessage(request, metadata=post.to(physician)) for _ in range(8)]
    answers = await asyncio.gather(*calls)
    assert all(each == answers[0] for each in answers)
    assert await _messages_of(post, physician.tenants[0]) == 1
    assert len((await post.changes(physician)).changes) == 1


async def test_another_request_under_the_same_id_is_refused(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    request_id = str(uuid4())
    await post.send(physician, patient_id, request_id=request_id)
    changed = post.send(physician, patient_id, request_id=request_id, body="Etwas anderes.")
    assert await reason(changed) == "REQUEST_ID_REUSED"
    assert await _messages_of(post, physician.tenants[0]) == 1


async def test_two_callers_may_choose_the_same_request_id(post: Post) -> None:
    physician = staff()
    colleague = staff(physician.tenants[0])
    patient_id = post.patient(physician.tenants[0])
    request_id = str(uuid4())
    first = await post.send(physician, patient_id, request_id=request_id)
    second = await post.send(colleague, patient_id, request_id=request_id)
    assert first.message_id != second.message_id


async def test_many_sends_to_few_patients_at_once_all_succeed(post: Post) -> None:
    physician = staff()
    patients = [post.patient(physician.tenants[0]) for _ in range(3)]
    answers = await asyncio.gather(*(post.send(physician, patients[place % 3]) for place in range(60)))
    assert len({each.message_id for each in answers}) == 60
    for patient_id in patients:
        times = [
            each.sent_at.ToNanoseconds() for each in (await post.history(physician, patient_id)).messages
        ]
        assert times == sorted(set(times), reverse=True)


async def test_only_those_who_may_send_can(post: Post) -> None:
    practice_id, patient_id = uuid4(), uuid4()
    for caller in (account((practice_id, patient_id)), service("portal"), service("attachments")):
        assert await reason(post.send(caller, patient_id)) == "METHOD_NOT_ALLOWED"


async def test_sent_messages_are_counted_by_direction(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    sent = await post.send(physician, patient_id)
    await post.reply(account((physician.tenants[0], patient_id)), sent.message_id)
    counted = post.telemetry.registry.get_sample_value
    assert counted("praxispost_messages_total", {"direction": "to_patient"}) == 1
    assert counted("praxispost_messages_total", {"direction": "to_practice"}) == 1
