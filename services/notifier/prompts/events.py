"""What the notifier tells the others of prompts and of the addresses that they go to."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.events import Event
from praxispost.notifier.v1.events_pb2 import (
    AddressSuspected,
    NotForMeReported,
    PromptAccepted,
    PromptDelayed,
    PromptDelivered,
    PromptFailed,
    PromptFailure,
)
from services.notifier.prompts.domain import Failure
from services.notifier.prompts.standing import Reason

FAILURES: Final = {
    Failure.ADDRESS_REFUSED: PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED,
    Failure.EXPIRED: PromptFailure.PROMPT_FAILURE_EXPIRED,
    Failure.OWN_FAULT: PromptFailure.PROMPT_FAILURE_OWN_FAULT,
    Failure.CONTACT_MISSING: PromptFailure.PROMPT_FAILURE_CONTACT_MISSING,
    Failure.ADDRESS_SUSPECT: PromptFailure.PROMPT_FAILURE_ADDRESS_SUSPECT,
    Failure.NOT_WANTED: PromptFailure.PROMPT_FAILURE_NOT_WANTED,
}


class Told:
    """Events of one letter, one for each message; the aggregate is the prompt, the version the attempt."""

    def __init__(
        self, practice_id: UUID, prompt_id: UUID, attempt: int, contact_version: int, at: datetime
    ) -> None:
        self._practice_id = practice_id
        self._prompt_id = prompt_id
        self._attempt = attempt
        self._contact_version = contact_version
        self._at = at

    def accepted(self, message_ids: Iterable[UUID]) -> list[Event]:
        """Our relay took it."""
        found = [PromptAccepted(message_id=str(each)) for each in message_ids]
        for data in found:
            data.contact_version = self._contact_version
            data.accepted_at.FromDatetime(self._at)
        return [self._event("notifier.prompt_accepted", data) for data in found]

    def failed(self, message_ids: Iterable[UUID], failure: Failure) -> list[Event]:
        """It did not and will not reach the patient."""
        found = [PromptFailed(message_id=str(each), failure=FAILURES[failure]) for each in message_ids]
        for data in found:
            data.contact_version = self._contact_version
            data.failed_at.FromDatetime(self._at)
        return [self._event("notifier.prompt_failed", data) for data in found]

    def delivered(self, message_ids: Iterable[UUID]) -> list[Event]:
        """The patient's own mail server took it."""
        found = [PromptDelivered(message_id=str(each)) for each in message_ids]
        for data in found:
            data.contact_version = self._contact_version
            data.delivered_at.FromDatetime(self._at)
        return [self._event("notifier.prompt_delivered", data) for data in found]

    def delayed(self, message_ids: Iterable[UUID]) -> list[Event]:
        """It is still on its way."""
        found = [PromptDelayed(message_id=str(each)) for each in message_ids]
        for data in found:
            data.contact_version = self._contact_version
            data.delayed_at.FromDatetime(self._at)
        return [self._event("notifier.prompt_delayed", data) for data in found]

    def _event(
        self, event_type: str, data: PromptAccepted | PromptFailed | PromptDelivered | PromptDelayed
    ) -> Event:
        return Event(event_type, self._practice_id, self._prompt_id, self._attempt, self._at, data)


def suspicion(
    practice_id: UUID, patient_id: UUID, contact_version: int, reason: Reason, at: datetime
) -> Event:
    """The event that an address became suspect; its aggregate is the patient."""
    if reason is Reason.BOUNCED:
        bounced = AddressSuspected(contact_version=contact_version)
        return Event("notifier.address_suspected", practice_id, patient_id, contact_version, at, bounced)
    reported = NotForMeReported(contact_version=contact_version)
    return Event("notifier.not_for_me_reported", practice_id, patient_id, contact_version, at, reported)
