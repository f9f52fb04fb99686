"""What the notifier tells the others of a prompt that is settled."""

from typing import Final

from chassis.events import Event
from praxispost.notifier.v1.events_pb2 import PromptAccepted, PromptFailed, PromptFailure
from services.notifier.prompts.domain import Accepted, Attempt, Failed, Failure, Prompt

_FAILURES: Final = {
    Failure.ADDRESS_REFUSED: PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED,
    Failure.EXPIRED: PromptFailure.PROMPT_FAILURE_EXPIRED,
    Failure.OWN_FAULT: PromptFailure.PROMPT_FAILURE_OWN_FAULT,
    Failure.CONTACT_MISSING: PromptFailure.PROMPT_FAILURE_CONTACT_MISSING,
}


def event_of(prompt: Prompt, attempt: Attempt, decision: Accepted | Failed) -> Event:
    """The event of a settled prompt; its aggregate is the prompt, its version the attempt's number."""
    data: PromptAccepted | PromptFailed
    if isinstance(decision, Accepted):
        event_type = "notifier.prompt_accepted"
        data = PromptAccepted(message_id=str(prompt.message_id), contact_version=attempt.contact_version)
        data.accepted_at.FromDatetime(attempt.at)
    else:
        event_type = "notifier.prompt_failed"
        failure = _FAILURES[decision.failure]
        data = PromptFailed(
            message_id=str(prompt.message_id), contact_version=attempt.contact_version, failure=failure
        )
        data.failed_at.FromDatetime(attempt.at)
    return Event(event_type, prompt.practice_id, prompt.id, prompt.attempt, attempt.at, data)
