"""What attachments refuses: one function for each reason of its error_reason.proto."""

from uuid import UUID

from chassis.refusal import Refusal, Status


def patient_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "PATIENT_NOT_FOUND", "no such patient")


def attachment_not_found(attachment_id: UUID) -> Refusal:
    return Refusal(
        Status.NOT_FOUND,
        "ATTACHMENT_NOT_FOUND",
        "no such attachment, or not free for this; upload it again",
        metadata={"attachment_id": str(attachment_id)},
    )


def attachment_too_large(limit: int) -> Refusal:
    return Refusal(
        Status.INVALID_ARGUMENT,
        "ATTACHMENT_TOO_LARGE",
        "the document is larger than is allowed",
        metadata={"limit_bytes": str(limit)},
    )


def size_mismatch() -> Refusal:
    return Refusal(Status.INVALID_ARGUMENT, "SIZE_MISMATCH", "what came is not of the declared size")


def hash_mismatch() -> Refusal:
    return Refusal(Status.INVALID_ARGUMENT, "HASH_MISMATCH", "what came does not have the declared hash")


def attachment_empty() -> Refusal:
    return Refusal(Status.INVALID_ARGUMENT, "ATTACHMENT_EMPTY", "the document has no content")


def grant_refused() -> Refusal:
    return Refusal(
        Status.PERMISSION_DENIED, "GRANT_REFUSED", "no valid grant for this document; open the message again"
    )


def offset_out_of_range() -> Refusal:
    return Refusal(
        Status.OUT_OF_RANGE, "OFFSET_OUT_OF_RANGE", "the offset lies behind the end of the document"
    )


def store_unavailable() -> Refusal:
    return Refusal(
        Status.UNAVAILABLE, "STORE_UNAVAILABLE", "the object store cannot be reached; try again later"
    )


def upload_in_progress() -> Refusal:
    return Refusal(
        Status.ABORTED, "UPLOAD_IN_PROGRESS", "the same request is being uploaded; try again later"
    )


def too_many_uploads(limit: int) -> Refusal:
    return Refusal(
        Status.RESOURCE_EXHAUSTED,
        "TOO_MANY_UPLOADS",
        "this caller uploads as many documents at once as are allowed",
        metadata={"limit": str(limit)},
    )


def quota_exceeded(quota_bytes: int) -> Refusal:
    return Refusal(
        Status.RESOURCE_EXHAUSTED,
        "QUOTA_EXCEEDED",
        "the practice's documents would take more room than they may",
        metadata={"quota_bytes": str(quota_bytes)},
    )


def original_not_kept() -> Refusal:
    return Refusal(
        Status.NOT_FOUND, "ORIGINAL_NOT_KEPT", "the photo is not kept as it came, or not for this caller"
    )


def photo_unreadable() -> Refusal:
    return Refusal(
        Status.INVALID_ARGUMENT,
        "PHOTO_UNREADABLE",
        "the picture could not be read; send it as PDF or send another photo",
    )


def malware_found() -> Refusal:
    return Refusal(
        Status.INVALID_ARGUMENT,
        "MALWARE_FOUND",
        "the scanner takes this document for harmful; do not send it",
    )


def scanner_unavailable() -> Refusal:
    return Refusal(
        Status.UNAVAILABLE, "SCANNER_UNAVAILABLE", "the document could not be scanned; try again later"
    )


def practice_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "PRACTICE_NOT_FOUND", "no such practice")


def not_shown() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "NOT_SHOWN", "the document's pages cannot be drawn; download it"
    )
