"""The notifier's refusals: one function for each reason of its error_reason.proto."""

from chassis.refusal import Refusal, Status


def recipient_refused() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "RECIPIENT_REFUSED",
        "The mail server or gateway refused the recipient for good.",
    )


def channel_unavailable() -> Refusal:
    return Refusal(
        Status.UNAVAILABLE,
        "CHANNEL_UNAVAILABLE",
        "The mail relay or SMS gateway cannot take it now: try again.",
    )


def too_many_reports() -> Refusal:
    return Refusal(
        Status.RESOURCE_EXHAUSTED,
        "TOO_MANY_REPORTS",
        "Too many reports came at the same time: try again in a minute.",
    )
