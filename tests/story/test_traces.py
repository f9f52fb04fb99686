"""One trace tells the way of a message, and nothing of the message."""

import json
import re
import secrets

import httpx
import pytest

from chassis.spans import Attribute
from deploy.local.system import System
from praxispost.messaging.v1 import messaging_pb2
from tests.story.cast import (
    Contact,
    Practice,
    Stage,
    eventually,
    individual_text,
    message_to,
    tick,
    unique_email,
    unique_mobile,
)
from tests.story.collector import Collector, Seen

SEND = "praxispost.messaging.v1.MessagingService/SendMessage"
ACCOUNT_COOKIE = "__Host-account"
EXCHANGE = "praxispost.identity.v1.TokenService/ExchangeSession"
RESOLVE = "praxispost.identity.v1.PatientService/ResolveContact"
# Each is the one before's child.
THERE = [
    ("messaging-api", SEND),
    ("messaging-worker", "publish messaging.message_sent"),
    ("notifier-worker", "handle messaging.message_sent"),
    ("notifier-worker", "attempt prompt"),
]
ASKED = [THERE[-1], ("notifier-worker", RESOLVE), ("identity-api", RESOLVE)]
BACK = [
    THERE[-1],
    ("notifier-worker", "publish notifier.prompt_accepted"),
    ("messaging-worker", "handle notifier.prompt_accepted"),
]
UUID_OR_LONG_NUMBER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|[0-9]{6}", re.IGNORECASE)


@pytest.fixture(scope="module")
def trace_id(stage: Stage) -> str:
    """The trace of a message that has its grey tick; its sender began it."""
    practice = Practice.opened(stage, "Praxis am Faden")
    contact = Contact("Ariadne", "Leitner", "", unique_email("ariadne"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    trace_id = secrets.token_hex(16)
    sent = practice.admin.messages.SendMessage(
        message_to(patient_id, body=individual_text()),
        metadata=(("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01"),),
    )
    tick(practice.admin, sent.message_id, messaging_pb2.RECEIPT_STATE_SENT)
    return trace_id


def chain(spans: list[Seen], steps: list[tuple[str, str]]) -> list[Seen]:
    """The spans of these steps, each the child of the one before, as far as there are such."""
    found = [span for span in spans if span.what == steps[0]][:1]
    for step in steps[1:]:
        found += [
            span for span in spans if found and span.what == step and span.parent_id == found[-1].span_id
        ][:1]
    return found


@pytest.mark.parametrize("steps", [THERE, ASKED, BACK], ids=["there", "asked", "back"])
def test_one_trace_leads_from_the_call_over_bus_prompt_and_identity_to_the_tick(
    collector: Collector, trace_id: str, steps: list[tuple[str, str]]
) -> None:
    eventually(
        lambda: [span.what for span in chain(collector.trace(trace_id), steps)],
        steps.__eq__,
        "the trace has gaps",
    )


def test_logs_name_the_trace(collector: Collector, trace_id: str, system: System) -> None:
    lines = (system.data.logs / "messaging-api.log").read_text().splitlines()
    traced = [line for line in map(json.loads, lines) if line.get("trace_id") == trace_id]
    assert [line["method"] for line in traced if line["event"] == "rpc handled"] == [f"/{SEND}"]


def test_a_page_begins_its_trace_and_believes_no_browser(collector: Collector, system: System) -> None:
    foreign = secrets.token_hex(16)
    httpx.get(
        f"{system.address_book.portal_url}/mailbox",
        cookies={ACCOUNT_COOKIE: "nobodys"},
        headers={"traceparent": f"00-{foreign}-{secrets.token_hex(8)}-01"},
        trust_env=False,
    )
    page = [("portal-web", "GET /mailbox"), ("portal-web", EXCHANGE), ("identity-api", EXCHANGE)]
    [root, *_] = eventually(
        lambda: chain(collector.spans(), page), lambda found: len(found) == len(page), "the page has no trace"
    )
    assert root.parent_id == ""
    assert root.attributes["http.response.status_code"] == httpx.codes.SEE_OTHER
    assert collector.trace(foreign) == []


def test_spans_know_neither_ids_nor_texts(collector: Collector, trace_id: str) -> None:
    allowed = {attribute.value for attribute in Attribute}
    for span in collector.spans():
        assert set(span.attributes) <= allowed
        for said in (span.name, *map(str, span.attributes.values())):
            assert not UUID_OR_LONG_NUMBER.search(said), said
