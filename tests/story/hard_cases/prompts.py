"""Prompts over time: one further for many, reports of mail servers, bounced addresses, "not for me"."""

from __future__ import annotations

import re

from praxispost.identity.v1 import access_pb2, access_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2
from praxispost.notifier.v1 import prompts_pb2, prompts_pb2_grpc
from tests.story.callers import Caller
from tests.story.cast import Contact, Practice, eventually, message_to, tick, unique_email, unique_mobile
from tests.story.steps import Play

REFERENCE = re.compile(r"/m#([\w-]+)")


def _prompts(staff: Caller, patient_id: str) -> prompts_pb2.ListPromptsResponse:
    stub = prompts_pb2_grpc.PromptServiceStub(staff.channel("notifier"))
    return stub.ListPrompts(prompts_pb2.ListPromptsRequest(patient_id=patient_id))


def _suspected(staff: Caller, patient_id: str, why: prompts_pb2.AddressSuspicion.ValueType) -> None:
    name = prompts_pb2.AddressSuspicion.Name(why)
    eventually(lambda: _prompts(staff, patient_id), lambda seen: seen.suspicion == why, f"no {name}")


def _patient(practice: Practice, name: str) -> tuple[Contact, str]:
    contact = Contact("Hans", "Hinweis", "1950-01-02", unique_email(name), unique_mobile())
    return contact, practice.record(practice.admin, contact)


def prompts_do_not_pester_and_tell_what_became_of_them(play: Play) -> str:
    """Messages in a row get one further prompt; mail servers' reports turn ticks, a bounce stops prompts."""
    practice = Practice.opened(play.stage, "Praxis am Briefkasten")
    staff, post = practice.admin, play.stage.post

    contact, patient_id = _patient(practice, "report-hans")
    sent = [staff.messages.SendMessage(message_to(patient_id, f"Nachricht {n}")) for n in range(5)]
    for each in sent:
        seen = tick(staff, each.message_id, messaging_pb2.RECEIPT_STATE_RECEIVED)
        assert seen.received_evidence == messaging_pb2.RECEIVED_EVIDENCE_MAIL_SERVER, seen
    mails = post.all_mails(contact.email)
    assert 2 <= len(mails) < len(sent), mails

    _, bounced_id = _patient(practice, "late-bounce-hans")
    late = staff.messages.SendMessage(message_to(bounced_id))
    tick(staff, late.message_id, messaging_pb2.RECEIPT_STATE_FAILED)
    _suspected(staff, bounced_id, prompts_pb2.ADDRESS_SUSPICION_BOUNCED)

    wrong, wrong_id = _patient(practice, "fremd")
    staff.messages.SendMessage(message_to(wrong_id))
    found = REFERENCE.search(post.prompt(wrong.email).text)
    assert found is not None
    portal = prompts_pb2_grpc.PromptServiceStub(play.stage.portal.channel("notifier"))
    eventually(
        lambda: _prompts(staff, wrong_id).prompts[0].state,
        lambda state: state == prompts_pb2.PROMPT_STATE_ACCEPTED,
        "the prompt is not accepted",
    )
    for reference in (found[1], found[1], "no-such-reference"):
        portal.ReportNotForMe(prompts_pb2.ReportNotForMeRequest(reference=reference))
    _suspected(staff, wrong_id, prompts_pb2.ADDRESS_SUSPICION_NOT_FOR_ME)
    _trusted_again(staff, wrong_id)
    staff.messages.SendMessage(message_to(wrong_id, "Noch eine"))
    post.prompt(wrong.email)
    return (
        f"{len(sent)} messages in a row, {len(mails)} prompts; delivered, bounced, „Nicht für mich“; "
        "confirmed by staff, prompted again"
    )


def _trusted_again(staff: Caller, patient_id: str) -> None:
    """Staff, having asked the patient, say that the address is right."""
    stub = access_pb2_grpc.AccessServiceStub(staff.channel("identity"))
    asking = access_pb2.GetAccessRequest(patient_id=patient_id)
    eventually(lambda: stub.GetAccess(asking).not_for_me, bool, "identity does not hear of it")
    assert stub.ConfirmAddress(access_pb2.ConfirmAddressRequest(patient_id=patient_id)).confirmed
    assert not stub.GetAccess(asking).not_for_me
    _suspected(staff, patient_id, prompts_pb2.ADDRESS_SUSPICION_UNSPECIFIED)
