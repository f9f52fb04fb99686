"""Answers WorkService: from the contracts to the use cases and back."""

from dataclasses import dataclass

from chassis.caller import Caller
from chassis.paging import Position, read_position
from chassis.refusal import invalid
from chassis.rpc_context import caller
from chassis.validation import distinct_uuids, optional_uuid, page_size, required_uuid
from praxispost.messaging.v1 import work_pb2 as wire
from praxispost.messaging.v1 import work_pb2_grpc
from services.messaging import presentation
from services.messaging.reading.listing import MOST_PATIENTS
from services.messaging.reading.stages import Place
from services.messaging.times import timestamp
from services.messaging.work.doing import Work
from services.messaging.work.domain import Task, WorkFilter
from services.messaging.work.listing import DueLine, WorkListing


@dataclass(frozen=True, slots=True)
class WorkUseCases:
    """What the servicer translates to."""

    work: Work
    listing: WorkListing


class WorkServicer(work_pb2_grpc.WorkServiceServicer):
    """The servicer; who may call what stands in `access`."""

    def __init__(self, use_cases: WorkUseCases) -> None:
        self._do = use_cases

    async def GetConversation(
        self, request: wire.GetConversationRequest, context: object
    ) -> wire.GetConversationResponse:
        who = caller()
        conversation_id = required_uuid("conversation_id", request.conversation_id)
        line = await self._do.listing.conversation(who, conversation_id)
        return wire.GetConversationResponse(conversation=presentation.conversation(line, who))

    async def MarkDone(self, request: wire.MarkDoneRequest, context: object) -> wire.MarkDoneResponse:
        await self._do.work.mark_done(caller(), required_uuid("conversation_id", request.conversation_id))
        return wire.MarkDoneResponse()

    async def Reopen(self, request: wire.ReopenRequest, context: object) -> wire.ReopenResponse:
        await self._do.work.reopen(caller(), required_uuid("conversation_id", request.conversation_id))
        return wire.ReopenResponse()

    async def Assign(self, request: wire.AssignRequest, context: object) -> wire.AssignResponse:
        conversation_id = required_uuid("conversation_id", request.conversation_id)
        await self._do.work.assign(caller(), conversation_id, optional_uuid("staff_id", request.staff_id))
        return wire.AssignResponse()

    async def AnnounceAnswering(
        self, request: wire.AnnounceAnsweringRequest, context: object
    ) -> wire.AnnounceAnsweringResponse:
        conversation_id = required_uuid("conversation_id", request.conversation_id)
        colleagues = await self._do.work.announce(caller(), conversation_id, stopped=request.stopped)
        return wire.AnnounceAnsweringResponse(
            colleagues=[presentation.answering(each) for each in colleagues]
        )

    async def ListWork(self, request: wire.ListWorkRequest, context: object) -> wire.ListWorkResponse:
        who, wanted = caller(), _filter(request.filter)
        size = page_size(request.page_size)
        patient_ids = distinct_uuids("patient_ids", request.patient_ids, maximum=MOST_PATIENTS)
        page = await self._do.listing.conversations(who, wanted, request.page_token, size, patient_ids)
        return wire.ListWorkResponse(
            conversations=[presentation.conversation(each, who) for each in page.lines],
            next_page_token=_token(page.end),
        )

    async def ListTasks(self, request: wire.ListTasksRequest, context: object) -> wire.ListTasksResponse:
        after, size = read_position(request.page_token), page_size(request.page_size)
        page = await self._do.listing.tasks(caller(), after, size)
        return wire.ListTasksResponse(
            tasks=[_task(each) for each in page.tasks], next_page_token=_token(page.end)
        )

    async def GetTaskCounts(
        self, request: wire.GetTaskCountsRequest, context: object
    ) -> wire.GetTaskCountsResponse:
        counts = await self._do.listing.counts(caller())
        return wire.GetTaskCountsResponse(
            counts=[
                wire.TaskCount(kind=wire.WorkKind.ValueType(kind), count=many)
                for kind, many in counts.tasks.items()
            ],
            assigned_to_me=counts.assigned_to_caller,
            drafts=counts.drafts,
        )

    async def ListDue(self, request: wire.ListDueRequest, context: object) -> wire.ListDueResponse:
        who = caller()
        after, size = read_position(request.page_token), page_size(request.page_size)
        page = await self._do.listing.due(who, after, size)
        return wire.ListDueResponse(
            messages=[_due(each, who) for each in page.lines], next_page_token=_token(page.end)
        )

    async def HandOver(self, request: wire.HandOverRequest, context: object) -> wire.HandOverResponse:
        from_id = required_uuid("from_staff_id", request.from_staff_id)
        to_id = optional_uuid("to_staff_id", request.to_staff_id)
        return wire.HandOverResponse(
            conversation_count=await self._do.work.hand_over(caller(), from_id, to_id)
        )


def _filter(value: int) -> WorkFilter:
    try:
        return WorkFilter(value)
    except ValueError:
        raise invalid("filter", "must be one of the filters") from None


def _task(task: Task) -> wire.Task:
    return wire.Task(
        id=str(task.id),
        kind=wire.WorkKind.ValueType(task.kind),
        patient_id=str(task.patient_id),
        conversation_id=str(task.conversation_id or ""),
        since=timestamp(task.since),
    )


def _due(line: DueLine, who: Caller) -> wire.DueMessage:
    return wire.DueMessage(message=presentation.summary(line.message, who), due_at=timestamp(line.due_at))


def _token(end: Position | Place | None) -> str:
    return "" if end is None else end.token()
