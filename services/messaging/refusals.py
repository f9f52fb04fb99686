"""Messaging's refusals: one function for each reason of its error_reason.proto."""

from collections.abc import Iterable

from chassis.refusal import Refusal, Status


def patient_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "PATIENT_NOT_FOUND", "There is no such patient.")


def contact_missing(missing: Iterable[str]) -> Refusal:
    """`missing` names the absent fields: "email", "mobile"."""
    return Refusal(
        Status.FAILED_PRECONDITION,
        "CONTACT_MISSING",
        "The patient's record lacks contact data.",
        metadata={"missing": ",".join(missing)},
    )


def contact_conflict() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "CONTACT_CONFLICT",
        "Another patient of the practice has the same contact data: settle who reads.",
    )


def attachment_not_found(attachment_id: str) -> Refusal:
    return Refusal(
        Status.NOT_FOUND,
        "ATTACHMENT_NOT_FOUND",
        "There is no such attachment for this message.",
        metadata={"attachment_id": attachment_id},
    )


def message_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "MESSAGE_NOT_FOUND", "There is no such message.")


def reply_not_allowed() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "REPLY_NOT_ALLOWED", "The message does not allow answers.")


def conversation_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "CONVERSATION_NOT_FOUND", "There is no such conversation.")


def answers_unread() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "ANSWERS_UNREAD", "There are answers that nobody has opened: open them."
    )


def staff_member_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "STAFF_MEMBER_NOT_FOUND", "There is no such active staff member.")


def reply_period_over() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "REPLY_PERIOD_OVER", "The time to answer the message is over.")


def patient_objected() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "PATIENT_OBJECTED", "The patient wants no electronic messages."
    )


def patient_deceased() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "PATIENT_DECEASED", "The patient is marked as deceased.")


def patient_archived() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "PATIENT_ARCHIVED",
        "The patient's record is archived: use the one that took its place.",
    )


def message_not_held() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "MESSAGE_NOT_HELD", "The message is not held, or no more.")


def second_person_needed() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "SECOND_PERSON_NEEDED",
        "Whoever wrote the message cannot release it while somebody else works in the practice.",
    )


def step_up_refused() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "STEP_UP_REFUSED",
        "The step-up is missing, not valid any more, or not this person's.",
    )


def prompt_not_needed() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "PROMPT_NOT_NEEDED",
        "The message was read, withdrawn, is an answer, or was not sent.",
    )


def replies_closed() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "REPLIES_CLOSED", "The practice closed the message for replies."
    )


def message_withdrawn() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "MESSAGE_WITHDRAWN", "The practice withdrew the message.")


def content_erased() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "CONTENT_ERASED", "The message's content was erased.")


def not_withdrawn() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "NOT_WITHDRAWN", "The message was not withdrawn: withdraw it first."
    )


def message_held() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "MESSAGE_HELD", "The message is held and was not sent: reject it instead."
    )


def draft_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "DRAFT_NOT_FOUND", "There is no such draft.")


def draft_changed(version: int) -> Refusal:
    return Refusal(
        Status.ABORTED,
        "DRAFT_CHANGED",
        "Somebody saved the draft meanwhile: read it again.",
        metadata={"version": str(version)},
    )
