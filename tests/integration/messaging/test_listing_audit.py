"""Whoever is shown subjects in a list leaves one audit row for the call, and none for an empty page."""

from datetime import timedelta
from uuid import UUID

from chassis.caller import Caller
from praxispost.messaging.v1 import drafts_pb2, work_pb2
from tests.integration.messaging.drafting import create_draft, drafts_of
from tests.integration.messaging.guarding import House
from tests.integration.messaging.post import Post, account, refusing, staff


async def _listed(post: Post, who: Caller) -> list[tuple[UUID, str, str, UUID, str]]:
    rows = await post.rows(
        """SELECT tenant_id, action, object_kind, object_id, why FROM audit
        WHERE actor_id = :who AND action LIKE '%.listed' ORDER BY occurred_at""",
        who=who.subject_id,
    )
    return [(each.tenant_id, each.action, each.object_kind, each.object_id, each.why) for each in rows]


async def test_a_practices_lists_leave_a_row_for_each_call(post: Post) -> None:
    house = House(post)
    patient_id, _ = await house.held()
    practice_id, reader = house.practice_id, house.colleague
    sent = (await post.history(house.author, patient_id)).messages[0]
    await create_draft(post, house.author, patient_id)
    post.clock.ahead += timedelta(days=8)
    metadata = post.to(reader)
    await post.conversations(reader, 3)
    await post.history(reader, patient_id)
    await house.waiting(reader)
    await refusing(post.work.ListDue(work_pb2.ListDueRequest(), metadata=metadata))
    request = work_pb2.GetConversationRequest(conversation_id=sent.conversation_id)
    await refusing(post.work.GetConversation(request, metadata=metadata))
    drafts = drafts_pb2.ListDraftsRequest(patient_id=str(patient_id))
    await refusing(drafts_of(post).ListDrafts(drafts, metadata=metadata))
    practice, patient = ("practice", practice_id), ("patient", patient_id)
    assert await _listed(post, reader) == [
        (practice_id, "conversations.listed", *practice, "shown=3"),
        (practice_id, "messages.listed", *patient, "shown=1"),
        (practice_id, "held.listed", *practice, "shown=1"),
        (practice_id, "due.listed", *practice, "shown=9"),
        (practice_id, "conversations.listed", *practice, "shown=1"),
        (practice_id, "drafts.listed", *patient, "shown=1"),
    ]


async def test_a_mailbox_leaves_a_row_in_each_practice_whose_messages_it_shows(post: Post) -> None:
    practices = [staff(), staff(), staff()]
    bound = [(each.tenants[0], post.patient(each.tenants[0])) for each in practices]
    for physician, (_, patient_id) in zip(practices[:2], bound, strict=False):
        await post.send(physician, patient_id)
    await post.send(practices[0], bound[0][1])
    patient = account(*bound)
    await post.mailbox(patient)
    whose = ("account", patient.subject_id)
    assert sorted(await _listed(post, patient)) == sorted(
        (practice_id, "mailbox.listed", *whose, f"shown={many}")
        for (practice_id, _), many in zip(bound, (2, 1), strict=False)
    )


async def test_nothing_shown_leaves_nothing(post: Post) -> None:
    physician, patient = staff(), account()
    await post.conversations(physician)
    await post.mailbox(patient)
    assert not await _listed(post, physician)
    assert not await _listed(post, patient)
