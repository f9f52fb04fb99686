"""Makes one attempt to send a letter: is it still wanted, where does it go, and does the relay take it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from chassis import logs
from chassis.database import Database
from chassis.gathering import Gathering
from services.notifier.handover import Handover, Verdict
from services.notifier.mail.composing import Envelope, Sender, UnusableAddress, compose
from services.notifier.prompts import addressees, waiting
from services.notifier.prompts.contacts import Contact, ContactMissing, Contacts, ContactsUnavailable
from services.notifier.prompts.domain import Attempt, Kind, Outcome, Prompt
from services.notifier.prompts.standing import Standing
from services.notifier.texts import Texts

# How a patient stands, and the messages that a letter must speak for.
Wanted: TypeAlias = tuple[Standing, tuple[UUID, ...]]

# Letters that one process may have in hand at the same time.
MOST_IN_HAND: Final = 1000
_MOST_AT_ONCE: Final = 100
_LOG = logs.get(__name__)
_OUTCOMES: Final = {
    Verdict.ACCEPTED: Outcome.ACCEPTED,
    Verdict.RECIPIENT_REFUSED: Outcome.ADDRESS_REFUSED,
    Verdict.DEFERRED: Outcome.DEFERRED,
    Verdict.CHANNEL_UNAVAILABLE: Outcome.RELAY_UNAVAILABLE,
    Verdict.OWN_FAULT: Outcome.OWN_FAULT,
}


class Relay(Protocol):
    """The mail relay, as prompts need it."""

    async def hand_over(self, envelope: Envelope) -> Handover:
        """Hand one letter over; failures are verdicts, never exceptions."""


class Attempts:
    """Attempts to send letters that are in hand."""

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        relay: Relay,
        texts: Texts,
        *,
        address: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._contacts = contacts
        self._relay = relay
        self._texts = texts
        self._address = address
        self._clock = clock
        self._looking: Gathering[Prompt, Wanted] = Gathering(
            self._look, most=_MOST_AT_ONCE, at_once=1, most_waiting=MOST_IN_HAND
        )

    async def make(self, prompt: Prompt) -> Attempt:
        """Make one; whatever is wrong with relay, network, identity or the contact is an outcome."""
        standing, message_ids = await self._looking.carry_out(prompt)

        def over(outcome: Outcome, version: int = 0, code: int | None = None) -> Attempt:
            return Attempt(outcome, self._clock(), version, code, message_ids)

        if not message_ids:
            return over(Outcome.NOT_NEEDED)
        if standing.stopped:
            return over(Outcome.NOT_WANTED)
        try:
            contact = await self._contacts.resolve(prompt.practice_id, prompt.patient_id)
        except ContactMissing:
            return over(Outcome.CONTACT_MISSING)
        except ContactsUnavailable:
            return over(Outcome.IDENTITY_UNAVAILABLE)
        if standing.is_suspect(contact.version):
            return over(Outcome.ADDRESS_SUSPECT, contact.version)
        try:
            envelope = self._compose(prompt, contact)
        except UnusableAddress:
            return over(Outcome.ADDRESS_REFUSED, contact.version)
        except Exception as error:
            _LOG.error("prompt cannot be rendered", error=error, prompt_id=prompt.id, attempt=prompt.attempt)
            return over(Outcome.UNRENDERABLE, contact.version)
        handover = await self._relay.hand_over(envelope)
        return over(_OUTCOMES[handover.verdict], contact.version, handover.code)

    async def _look(self, letters: Sequence[Prompt]) -> list[Wanted]:
        """How the patients of these letters stand, and which messages the letters must speak for."""
        patients = {(each.practice_id, each.patient_id) for each in letters}
        async with self._database.transaction({practice_id for practice_id, _ in patients}) as tx:
            standings = await addressees.read_all(tx, patients)
            needing = await waiting.needing_all(tx, letters)
        return [
            (
                standings.get((each.practice_id, each.patient_id), addressees.NEW),
                needing[each.practice_id, each.id],
            )
            for each in letters
        ]

    def _compose(self, prompt: Prompt, contact: Contact) -> Envelope:
        content = self._texts.prompt(
            contact.language,
            practice=contact.practice,
            phone=contact.phone,
            reference=prompt.reference,
            again=prompt.kind is Kind.REMINDER,
        )
        sender = Sender(contact.practice, self._address)
        return compose(prompt.id, sender, contact.email, content, self._clock(), reports=True)
