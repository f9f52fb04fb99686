"""Who cannot get in: another number and another birth date, corrected by staff without registering again."""

from __future__ import annotations

from praxispost.identity.v1 import access_pb2, access_pb2_grpc, patients_pb2
from tests.story.callers import Caller, person
from tests.story.cast import (
    Contact,
    Practice,
    Registration,
    eventually,
    refusal_of,
    unique_email,
    unique_mobile,
)
from tests.story.steps import Play

TRIES = 3


def who_cannot_get_in_is_let_in(play: Play) -> str:
    """Number and birth date differ from the record: tasks, corrections, and one registration for both."""
    practice = Practice.opened(play.stage, "Praxis am Hafen")
    says = Contact("Karin", "Falsch", "1958-03-04", unique_email("karin"), unique_mobile())
    practice_says = Contact(says.given_name, says.family_name, "1985-03-04", says.email, unique_mobile())
    patient_id = practice.record(practice.admin, practice_says)

    registration = Registration(play.stage, says)
    registration.prove_email()
    waits_for(practice.admin, patient_id, access_pb2.ACCESS_OBSTACLE_MOBILE)
    correct(practice.admin, patient_id, mobile=says.mobile)
    waits_for(practice.admin, patient_id, access_pb2.ACCESS_OBSTACLE_NONE)
    registration.resend()
    registration.prove_mobile()

    refused = refusal_of(registration.complete)
    assert refused.reason == "NOT_MATCHED", refused
    waits_for(practice.admin, patient_id, access_pb2.ACCESS_OBSTACLE_BIRTH_DATE)
    correct(practice.admin, patient_id, birth_date=says.birth_date)
    seen = eventually(
        lambda: access_of(practice.admin, patient_id), lambda seen: seen.bound, "the correction binds nobody"
    )
    assert not seen.HasField("task_opened_at"), seen
    karin = person(play.stage.targets, play.stage.portal, registration.complete().session)
    assert karin.token("messaging"), "she has no token"
    return "two corrections, one registration, the task is closed"


def who_is_identified_may_try_again(play: Play) -> str:
    """The birth date is given wrongly three times: locked, also for the right one, until staff release it."""
    practice = Practice.opened(play.stage, "Praxis am Schloss")
    contact = Contact("Bruno", "Beleg", "1962-07-08", unique_email("bruno"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    registration = Registration(play.stage, contact)
    registration.prove_email()
    registration.prove_mobile()
    given = (*("1962-08-07",) * TRIES, contact.birth_date)
    reasons = [refusal_of(registration.complete, each).reason for each in given]
    assert reasons == ["NOT_MATCHED"] * (TRIES + 1), reasons
    seen = access_of(practice.admin, patient_id)
    assert (seen.birth_date_locked, seen.bound) == (True, False), seen
    releasing = access_pb2.ReleaseBirthDateRequest(patient_id=patient_id)
    stub = access_pb2_grpc.AccessServiceStub(practice.admin.channel("identity"))
    assert stub.ReleaseBirthDate(releasing).released
    assert registration.complete().bound == 1
    seen = access_of(practice.admin, patient_id)
    assert (seen.birth_date_locked, seen.bound) == (False, True), seen
    return f"{reasons[0]} {TRIES} times and for the right one; released, bound"


def access_of(staff: Caller, patient_id: str) -> access_pb2.GetAccessResponse:
    """What staff see of the patient's way in."""
    stub = access_pb2_grpc.AccessServiceStub(staff.channel("identity"))
    return stub.GetAccess(access_pb2.GetAccessRequest(patient_id=patient_id))


def waits_for(staff: Caller, patient_id: str, obstacle: access_pb2.AccessObstacle.ValueType) -> None:
    """Waits until this, and nothing else, is in the way of the one who registers."""
    eventually(
        lambda: access_of(staff, patient_id),
        lambda seen: [each.obstacle for each in seen.attempts] == [obstacle],
        f"not {access_pb2.AccessObstacle.Name(obstacle)}",
    )


def correct(staff: Caller, patient_id: str, *, mobile: str = "", birth_date: str = "") -> None:
    """Staff, having asked the patient, change the record."""
    request = patients_pb2.UpdatePatientRequest(
        patient_id=patient_id, data=patients_pb2.PatientData(mobile=mobile, birth_date=birth_date)
    )
    request.update_mask.paths.append("mobile" if mobile else "birth_date")
    staff.patients.UpdatePatient(request)
