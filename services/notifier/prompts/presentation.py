"""Writes what is known of prompts as the contract says it."""

from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from praxispost.notifier.v1 import prompts_pb2 as wire
from praxispost.notifier.v1.events_pb2 import PromptFailure
from services.notifier.prompts.domain import Failure, Kind, Outcome
from services.notifier.prompts.events import FAILURES
from services.notifier.prompts.history import Entry, Page
from services.notifier.prompts.standing import Reason

_KINDS: Final = {
    Kind.FIRST: wire.PROMPT_KIND_FIRST,
    Kind.GATHERED: wire.PROMPT_KIND_GATHERED,
    Kind.AGAIN: wire.PROMPT_KIND_AGAIN,
    Kind.REMINDER: wire.PROMPT_KIND_REMINDER,
}
_STATES: Final = {
    "due": wire.PROMPT_STATE_WAITING,
    "waiting": wire.PROMPT_STATE_WAITING,
    "accepted": wire.PROMPT_STATE_ACCEPTED,
    "failed": wire.PROMPT_STATE_FAILED,
    "dropped": wire.PROMPT_STATE_NOT_NEEDED,
}
_REPORTS: Final = {
    "delivered": wire.PROMPT_REPORT_KIND_DELIVERED,
    "relayed": wire.PROMPT_REPORT_KIND_RELAYED,
    "delayed": wire.PROMPT_REPORT_KIND_DELAYED,
    "failed": wire.PROMPT_REPORT_KIND_FAILED,
    "not_for_me": wire.PROMPT_REPORT_KIND_NOT_FOR_ME,
}
_SUSPICIONS: Final = {
    Reason.BOUNCED: wire.ADDRESS_SUSPICION_BOUNCED,
    Reason.NOT_FOR_ME: wire.ADDRESS_SUSPICION_NOT_FOR_ME,
}


def page_message(page: Page) -> wire.ListPromptsResponse:
    """The answer to ListPrompts."""
    answer = wire.ListPromptsResponse(
        prompts=[_prompt(entry) for entry in page.entries],
        next_page_token=page.next.token() if page.next is not None else "",
    )
    suspicion = page.standing.suspicion
    if suspicion is not None:
        answer.suspicion = _SUSPICIONS[suspicion.reason]
        answer.suspect_contact_version = suspicion.contact_version
        answer.suspect_since.FromDatetime(suspicion.at)
    return answer


def _prompt(entry: Entry) -> wire.Prompt:
    letter = entry.letter
    state = _STATES[letter.state]
    return wire.Prompt(
        id=str(letter.id),
        kind=_KINDS[Kind(letter.kind)],
        message_ids=[str(each) for each in entry.message_ids],
        created_at=_time(letter.created_at),
        state=state,
        due_at=_time(letter.due_at) if state == wire.PROMPT_STATE_WAITING else None,
        settled_at=_time(letter.settled_at) if letter.settled_at is not None else None,
        failure=_failure(letter.failure),
        contact_version=letter.contact_version or 0,
        attempts=[
            wire.PromptAttempt(
                at=_time(row.at),
                accepted=row.outcome == Outcome.ACCEPTED.value,
                smtp_code=row.smtp_code or 0,
            )
            for row in entry.attempts
        ],
        reports=[
            wire.PromptReport(kind=_REPORTS[row.kind], at=_time(row.at), status=row.status)
            for row in entry.reports
        ],
    )


def _failure(value: str | None) -> PromptFailure.ValueType:
    return PromptFailure.PROMPT_FAILURE_UNSPECIFIED if value is None else FAILURES[Failure(value)]


def _time(value: datetime) -> Timestamp:
    written = Timestamp()
    written.FromDatetime(value)
    return written
