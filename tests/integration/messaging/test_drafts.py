"""What a practice has begun to write is kept for all its staff, and sent once, as it was read."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.messaging.v1 import drafts_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.times import timestamp
from tests.integration.messaging.drafting import create_draft, document, draft_content, drafts_of
from tests.integration.messaging.guarding import LIMIT, TEXT, House
from tests.integration.messaging.post import Post, account, reason, refusing, staff


async def _begun(post: Post, **content: Any) -> tuple[Caller, UUID, str]:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    created = await create_draft(post, physician, patient_id, **content)
    return physician, patient_id, created.draft_id


async def _save(
    post: Post, caller: Caller, draft_id: str, version: int, request_id: str = "", **content: Any
) -> drafts_pb2.SaveDraftResponse:
    request = drafts_pb2.SaveDraftRequest(
        request_id=request_id or str(uuid4()),
        draft_id=draft_id,
        version=version,
        content=draft_content(**content),
    )
    return await refusing(drafts_of(post).SaveDraft(request, metadata=post.to(caller)))


async def _get(post: Post, caller: Caller, draft_id: str) -> drafts_pb2.Draft:
    request = drafts_pb2.GetDraftRequest(draft_id=draft_id)
    return (await refusing(drafts_of(post).GetDraft(request, metadata=post.to(caller)))).draft


async def _list(post: Post, caller: Caller, **asked: Any) -> drafts_pb2.ListDraftsResponse:
    request = drafts_pb2.ListDraftsRequest(**asked)
    return await refusing(drafts_of(post).ListDrafts(request, metadata=post.to(caller)))


async def _delete(post: Post, caller: Caller, draft_id: str, version: int) -> drafts_pb2.DeleteDraftResponse:
    request = drafts_pb2.DeleteDraftRequest(draft_id=draft_id, version=version)
    return await refusing(drafts_of(post).DeleteDraft(request, metadata=post.to(caller)))


async def _send(
    post: Post, caller: Caller, draft_id: str, version: int, request_id: str = ""
) -> drafts_pb2.SendDraftResponse:
    request = drafts_pb2.SendDraftRequest(
        request_id=request_id or str(uuid4()), draft_id=draft_id, version=version
    )
    return await refusing(drafts_of(post).SendDraft(request, metadata=post.to(caller)))


async def test_a_colleague_goes_on_where_the_tab_was_closed(post: Post) -> None:
    document_id = document(post, file_name="Befund.pdf")
    physician, patient_id, draft_id = await _begun(post, body="Liebe", attachment_ids=[document_id])
    assistant = staff(physician.tenants[0], role="assistant")
    begun = await _get(post, assistant, draft_id)
    assert (begun.content.body, begun.summary.patient_id) == ("Liebe", str(patient_id))
    assert [each.file_name for each in begun.attachments] == ["Befund.pdf"]
    assert begun.attachments[0].grant
    saved = await _save(post, assistant, draft_id, 1, body="Liebe Frau", attachment_ids=[document_id])
    assert saved.version == 2
    again = await _get(post, physician, draft_id)
    assert (again.content.body, list(again.content.attachment_ids)) == ("Liebe Frau", [document_id])
    by = (again.summary.created_by, again.summary.saved_by)
    assert by == (str(physician.subject_id), str(assistant.subject_id))


async def test_nothing_need_be_finished_and_nobody_reachable_to_keep_it(post: Post) -> None:
    physician = staff()
    patient_id = uuid4()
    post.knows(physician.tenants[0], patient_id, has_email=False)
    created = await create_draft(post, physician, patient_id, purpose=0, subject="", body="")
    assert (await _get(post, physician, created.draft_id)).content == drafts_pb2.DraftContent()
    with pytest.raises(Refusal) as refused:
        await _send(post, physician, created.draft_id, 1)
    assert (refused.value.reason, refused.value.fields[0].field) == ("INVALID_FIELD", "purpose")
    await _save(post, physician, created.draft_id, 1)
    assert await reason(_send(post, physician, created.draft_id, 2)) == "CONTACT_MISSING"


async def test_nobody_overwrites_a_colleagues_words(post: Post) -> None:
    physician, _, draft_id = await _begun(post)
    colleague = staff(physician.tenants[0])
    attempts = [_save(post, each, draft_id, 1, body=each.role) for each in (physician, colleague)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    [refused] = [each for each in outcomes if isinstance(each, Refusal)]
    assert (refused.reason, dict(refused.metadata)) == ("DRAFT_CHANGED", {"version": "2"})
    for late in (_send(post, physician, draft_id, 1), _delete(post, physician, draft_id, 1)):
        assert await reason(late) == "DRAFT_CHANGED"


async def test_a_draft_is_sent_as_a_message_with_its_id_and_is_gone(post: Post) -> None:
    document_id = document(post, file_name="Befund.pdf")
    read_by = datetime.now(UTC) + timedelta(days=2)
    physician, patient_id, draft_id = await _begun(
        post,
        attachment_ids=[document_id],
        reply_allowed=True,
        reply_period_days=7,
        read_by=timestamp(read_by),
    )
    assistant = staff(physician.tenants[0], role="assistant")
    sent = await _send(post, assistant, draft_id, 1)
    assert sent.message_id == draft_id
    opened = await post.open(account((physician.tenants[0], patient_id)), draft_id)
    assert (opened.body, opened.summary.subject) == ("Noch nicht fertig.", "Entwurf")
    assert [each.file_name for each in opened.attachments] == ["Befund.pdf"]
    period = opened.summary.reply_until.ToDatetime(UTC) - opened.summary.sent_at.ToDatetime(UTC)
    assert (period, opened.summary.read_by.ToDatetime(UTC)) == (timedelta(days=7), read_by)
    assert (await post.open(physician, draft_id)).summary.author_id == str(assistant.subject_id)
    assert await reason(_get(post, physician, draft_id)) == "DRAFT_NOT_FOUND"
    [claim] = post.neighbours.claims
    assert (claim.message_id, claim.uploader_id) == (draft_id, str(physician.subject_id))


async def test_a_draft_is_sent_once_whoever_tries_and_however_often(post: Post) -> None:
    physician, patient_id, draft_id = await _begun(post)
    colleague, request_id = staff(physician.tenants[0]), str(uuid4())
    attempts = [_send(post, physician, draft_id, 1, request_id) for _ in range(3)]
    outcomes = await asyncio.gather(*attempts, _send(post, colleague, draft_id, 1), return_exceptions=True)
    answers = [each for each in outcomes if isinstance(each, drafts_pb2.SendDraftResponse)]
    assert {each.message_id for each in answers} == {draft_id}
    assert len((await post.history(physician, patient_id)).messages) == 1
    if answers[0] is outcomes[0]:
        assert await _send(post, physician, draft_id, 1, request_id) == answers[0]
    assert await reason(_send(post, colleague, draft_id, 1)) == "DRAFT_NOT_FOUND"


async def test_the_same_request_again_keeps_nothing_twice(post: Post) -> None:
    physician = staff()
    request = drafts_pb2.CreateDraftRequest(
        request_id=str(uuid4()),
        patient_id=str(post.patient(physician.tenants[0])),
        content=draft_content(),
    )
    answers = [await drafts_of(post).CreateDraft(request, metadata=post.to(physician)) for _ in range(2)]
    assert answers[0] == answers[1]
    draft_id, request_id = answers[0].draft_id, str(uuid4())
    saved = await _save(post, physician, draft_id, 1, request_id, body="Neu")
    assert saved == await _save(post, physician, draft_id, 1, request_id, body="Neu")
    assert await reason(_save(post, physician, draft_id, 1, request_id)) == "REQUEST_ID_REUSED"


async def test_only_new_documents_are_claimed_and_by_who_saves(post: Post) -> None:
    first, second = document(post), document(post)
    physician, _, draft_id = await _begun(post, attachment_ids=[first])
    colleague = staff(physician.tenants[0])
    await _save(post, colleague, draft_id, 1, attachment_ids=[second, first])
    claims = [(each.uploader_id, list(each.attachment_ids)) for each in post.neighbours.claims]
    assert claims == [(str(physician.subject_id), [first]), (str(colleague.subject_id), [second])]
    absent = str(uuid4())
    refused = _save(post, colleague, draft_id, 2, attachment_ids=[absent])
    assert await reason(refused) == "ATTACHMENT_NOT_FOUND"
    await _save(post, colleague, draft_id, 2, attachment_ids=[second])
    assert [each.id for each in (await _get(post, colleague, draft_id)).attachments] == [second]


async def test_a_draft_can_be_thrown_away(post: Post) -> None:
    physician, _, draft_id = await _begun(post, attachment_ids=[document(post)])
    await _delete(post, physician, draft_id, 1)
    assert await reason(_delete(post, physician, draft_id, 1)) == "DRAFT_NOT_FOUND"
    assert not (await _list(post, physician)).drafts


async def test_drafts_are_listed_by_page_the_one_saved_last_first(post: Post) -> None:
    physician = staff()
    patients = [post.patient(physician.tenants[0]) for _ in range(3)]
    ids = [
        (await create_draft(post, physician, each, subject=f"Nr. {number}")).draft_id
        for number, each in enumerate(patients)
    ]
    await _save(post, physician, ids[0], 1, subject="Nr. 0 neu")
    page = await _list(post, physician, page_size=2)
    rest = await _list(post, physician, page_size=2, page_token=page.next_page_token)
    assert [each.subject for each in (*page.drafts, *rest.drafts)] == ["Nr. 0 neu", "Nr. 2", "Nr. 1"]
    assert not rest.next_page_token
    [one] = (await _list(post, physician, patient_id=str(patients[1]))).drafts
    assert (one.id, one.version) == (ids[1], 1)


async def test_drafts_of_others_and_none_look_the_same(post: Post) -> None:
    physician, patient_id, draft_id = await _begun(post)
    stranger = staff()
    for caller, wanted in ((stranger, draft_id), (physician, str(uuid4()))):
        attempts = [
            _get(post, caller, wanted),
            _save(post, caller, wanted, 1),
            _send(post, caller, wanted, 1),
            _delete(post, caller, wanted, 1),
        ]
        assert {await reason(each) for each in attempts} == {"DRAFT_NOT_FOUND"}
    assert not (await _list(post, stranger, patient_id=str(patient_id))).drafts
    assert await reason(create_draft(post, stranger, patient_id)) == "PATIENT_NOT_FOUND"


async def test_every_reading_of_a_draft_is_audited(post: Post) -> None:
    physician, _, draft_id = await _begun(post)
    await _get(post, physician, draft_id)
    query = "SELECT action FROM audit WHERE object_id = :draft ORDER BY id"
    rows = await post.rows(query, draft=UUID(draft_id))
    assert [row.action for row in rows] == ["draft.saved", "draft.opened"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", 99),
        ("subject", "x" * 201),
        ("subject", "zwei\nZeilen"),
        ("body", "x" * 20_001),
        ("reply_period_days", 366),
        ("reply_period_days", 1),
        ("attachment_ids", ["x"]),
    ],
)
async def test_unacceptable_fields_are_refused(post: Post, field: str, value: object) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    allowed = field == "reply_period_days" and value != 1
    with pytest.raises(Refusal) as refused:
        await create_draft(post, physician, patient_id, reply_allowed=allowed, **{field: value})
    assert refused.value.reason == "INVALID_FIELD"
    assert refused.value.fields[0].field.startswith(f"content.{field}")


async def test_a_version_must_be_named(post: Post) -> None:
    physician, _, draft_id = await _begun(post)
    assert await reason(_send(post, physician, draft_id, 0)) == "INVALID_FIELD"
    assert (await _get(post, physician, draft_id)).summary.purpose == wire.PURPOSE_FINDINGS


async def test_drafts_with_the_same_text_to_many_are_held_as_messages_are(post: Post) -> None:
    house = House(post)
    await house.to_many(LIMIT - 1)
    patient_id = post.patient(house.practice_id)
    created = await create_draft(post, house.author, patient_id, subject="Ihr Befund", body=TEXT)
    sent = await _send(post, house.author, created.draft_id, 1)
    assert sent.held
    assert not (await post.mailbox(account((house.practice_id, patient_id)))).messages


async def test_a_message_is_overdue_from_when_its_sender_wanted_it_read(post: Post) -> None:
    read_by = datetime.now(UTC) + timedelta(days=2)
    physician, _, draft_id = await _begun(post, read_by=timestamp(read_by))
    await _send(post, physician, draft_id, 1)
    query = "SELECT due_at FROM unread_message WHERE message_id = :message"
    assert [row.due_at for row in await post.rows(query, message=UUID(draft_id))] == [read_by]
