"""Opens a message with the answers to it: that, and nothing else, is what makes it read."""

import asyncio
from dataclasses import dataclass
from typing import Final

from chassis.refusal import Refusal, Status
from praxispost.identity.v1.accounts_pb2 import GetAccountRequest
from praxispost.messaging.v1.messaging_pb2 import Direction, ListMailboxRequest, OpenMessagesRequest
from services.portal.mailbox.opened import Opened, opened
from services.portal.mailbox.recipients import Recipients
from services.portal.people import Person
from services.portal.services import Services
from services.portal.visits import Visit

# With its message, as many as one call opens.
_ANSWERS: Final = 49


@dataclass(frozen=True, slots=True)
class Found:
    """The message with its newest answers, or older ones; `older` is the token of those before these."""

    opened: Opened
    older: str
    are_newest: bool


class Opening:
    """Asks for what the page of a message shows."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def open(self, visit: Visit, person: Person) -> Found:
        """The message that the address names, for the person who wants to read it now.

        Refuses MESSAGE_NOT_FOUND and INVALID_FIELD, which look the same to whoever tries addresses.
        """
        practice_id, message_id = visit.argument("practice_id"), visit.argument("message_id")
        before = visit.form.line("before")
        # The account's side wrote the answers, so that listing them is no receipt of anything.
        listing = ListMailboxRequest(page_size=_ANSWERS, in_reply_to=message_id, page_token=before)
        account, listed = await asyncio.gather(
            person.ask(self._services.accounts.GetAccount, GetAccountRequest()),
            person.ask(self._services.messaging.ListMailbox, listing),
        )
        answers = [each.id for each in reversed(listed.messages)]
        request = OpenMessagesRequest(practice_id=practice_id, message_ids=[message_id, *answers])
        messages = (await person.ask(self._services.messaging.OpenMessages, request)).messages
        if messages[0].summary.direction != Direction.DIRECTION_TO_PATIENT:
            raise Refusal(Status.NOT_FOUND, "MESSAGE_NOT_FOUND", "an answer has no page of its own")
        shown = opened(messages, Recipients(account.bindings), account.account_id, visit.now)
        return Found(shown, listed.next_page_token, are_newest=not before)
