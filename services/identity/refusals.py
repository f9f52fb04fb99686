"""Identity's refusals: one function for each reason of its error_reason.proto."""

from collections.abc import Iterable
from datetime import timedelta
from math import ceil

from chassis.refusal import Refusal, Status


def credentials_refused() -> Refusal:
    return Refusal(
        Status.UNAUTHENTICATED, "CREDENTIALS_REFUSED", "The service account's id or secret is wrong."
    )


def session_ended() -> Refusal:
    return Refusal(Status.UNAUTHENTICATED, "SESSION_ENDED", "The session is unknown, ended or expired.")


def practice_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "PRACTICE_NOT_FOUND", "There is no such practice.")


def staff_member_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "STAFF_MEMBER_NOT_FOUND", "There is no such staff member.")


def staff_email_taken() -> Refusal:
    return Refusal(
        Status.ALREADY_EXISTS, "STAFF_EMAIL_TAKEN", "A staff member of the practice has this e-mail address."
    )


def invitation_accepted() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "INVITATION_ACCEPTED",
        "The invitation was accepted before: the member can log in.",
    )


def last_admin() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "LAST_ADMIN", "The practice would be left without an active admin."
    )


def patient_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "PATIENT_NOT_FOUND", "There is no such patient.")


def patient_changed() -> Refusal:
    return Refusal(Status.ABORTED, "PATIENT_CHANGED", "The record was changed since it was read.")


def contact_missing(missing: Iterable[str]) -> Refusal:
    """`missing` names the absent fields: "email", "mobile"."""
    return Refusal(
        Status.FAILED_PRECONDITION,
        "CONTACT_MISSING",
        "The record lacks contact data.",
        metadata={"missing": ",".join(missing)},
    )


def service_account_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "SERVICE_ACCOUNT_NOT_FOUND", "There is no such service account.")


def registration_not_found() -> Refusal:
    return Refusal(
        Status.NOT_FOUND, "REGISTRATION_NOT_FOUND", "The registration is unknown, completed or expired."
    )


def step_not_due() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "STEP_NOT_DUE", "Another step of the registration is due first."
    )


def code_refused() -> Refusal:
    return Refusal(
        Status.INVALID_ARGUMENT, "CODE_REFUSED", "The code is wrong, used, expired or was tried too often."
    )


def too_many_codes(retry_after: timedelta) -> Refusal:
    return Refusal(
        Status.RESOURCE_EXHAUSTED,
        "TOO_MANY_CODES",
        "Too many codes were asked for.",
        metadata={"retry_after_seconds": _seconds(retry_after)},
    )


def password_too_weak() -> Refusal:
    return Refusal(
        Status.INVALID_ARGUMENT, "PASSWORD_TOO_WEAK", "The password is too short or among the commonest."
    )


def not_matched() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "NOT_MATCHED",
        "What was proven does not lead to a patient. The practice can help.",
    )


def login_refused() -> Refusal:
    return Refusal(Status.UNAUTHENTICATED, "LOGIN_REFUSED", "The login failed.")


def too_many_attempts(retry_after: timedelta) -> Refusal:
    return Refusal(
        Status.RESOURCE_EXHAUSTED,
        "TOO_MANY_ATTEMPTS",
        "Too many failed logins for this address.",
        metadata={"retry_after_seconds": _seconds(retry_after)},
    )


def step_up_refused() -> Refusal:
    return Refusal(Status.INVALID_ARGUMENT, "STEP_UP_REFUSED", "The password is another one.")


def session_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "SESSION_NOT_FOUND", "There is no such session of yours.")


def sms_proof_too_old() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "SMS_PROOF_TOO_OLD",
        "The last SMS code is more than 10 minutes ago: log in again.",
    )


def offer_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "OFFER_NOT_FOUND", "There is no open offer of this practice.")


def patient_archived() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "PATIENT_ARCHIVED",
        "The record was merged into another one of the same person.",
    )


def question_not_open() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "QUESTION_NOT_OPEN", "Nothing is asked of this record any more."
    )


def contact_not_shared() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "CONTACT_NOT_SHARED",
        "The two records do not have the same e-mail address.",
    )


def birth_date_missing() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "BIRTH_DATE_MISSING", "The record has no birth date.")


def not_a_minor() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "NOT_A_MINOR", "The patient is 18 or older.")


def still_a_minor() -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, "STILL_A_MINOR", "The patient is under 18.")


def contact_still_shared() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "CONTACT_STILL_SHARED",
        "E-mail address or number are missing, or another record has both too.",
    )


def representative_not_possible() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "REPRESENTATIVE_NOT_POSSIBLE",
        "This representative cannot read for this patient.",
    )


def representation_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "REPRESENTATION_NOT_FOUND", "Nobody represents this patient.")


def reset_not_found() -> Refusal:
    return Refusal(
        Status.NOT_FOUND, "RESET_NOT_FOUND", "The password reset is unknown, completed or expired."
    )


def reset_step_not_due() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "RESET_STEP_NOT_DUE", "The e-mail address is to be proven first."
    )


def contact_change_not_found() -> Refusal:
    return Refusal(Status.NOT_FOUND, "CONTACT_CHANGE_NOT_FOUND", "There is no open change of contact data.")


def contact_unchanged() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION, "CONTACT_UNCHANGED", "The account has this address or number already."
    )


def contact_changed_lately(retry_after: timedelta) -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "CONTACT_CHANGED_LATELY",
        "Address and number cannot both be changed within a day.",
        metadata={"retry_after_seconds": _seconds(retry_after)},
    )


def contact_taken() -> Refusal:
    return Refusal(
        Status.ALREADY_EXISTS, "CONTACT_TAKEN", "Another account has this address and number together."
    )


def password_refused() -> Refusal:
    return Refusal(Status.INVALID_ARGUMENT, "PASSWORD_REFUSED", "The person's password is another one.")


def _seconds(span: timedelta) -> str:
    return str(max(1, ceil(span.total_seconds())))
