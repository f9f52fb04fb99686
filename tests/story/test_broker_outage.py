"""RabbitMQ may be gone: sends are accepted meanwhile, and nothing of them is lost or doubled afterwards."""

import pytest

from deploy.local.rabbitmq import RabbitMq
from deploy.local.system import System
from praxispost.messaging.v1 import messaging_pb2
from tests.story.cast import (
    Contact,
    Practice,
    Stage,
    individual_text,
    message_to,
    tick,
    unique_email,
    unique_mobile,
)

MESSAGES = 20


@pytest.fixture
def broker(system: System) -> RabbitMq:
    """The private node; a given one is not ours to stop."""
    assert isinstance(system.stores.rabbitmq, RabbitMq), "unset PRAXISPOST_AMQP_URL for this test"
    return system.stores.rabbitmq


def test_messages_sent_while_the_broker_is_gone_are_prompted_when_it_is_back(
    stage: Stage, broker: RabbitMq
) -> None:
    practice = Practice.opened(stage, "Praxis im Funkloch")
    contacts = [Contact("Nie", "Verloren", "", unique_email("nie"), unique_mobile()) for _ in range(MESSAGES)]
    patient_ids = [practice.record(practice.admin, contact) for contact in contacts]
    sent: list[str] = []
    for number, patient_id in enumerate(patient_ids):
        if number == MESSAGES // 4:
            broker.kill()
        request = message_to(patient_id, body=individual_text())
        sent.append(practice.admin.messages.SendMessage(request).message_id)
    broker.start()
    for message_id in sent:
        tick(practice.admin, message_id, messaging_pb2.RECEIPT_STATE_SENT)
    prompts = [len(stage.post.all_mails(contact.email)) for contact in contacts]
    assert prompts == [1] * MESSAGES
