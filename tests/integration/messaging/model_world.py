"""Drives messaging over its RPCs as staff, persons and other services do, with the model beside it."""

import dataclasses
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from chassis.caller import Caller, Entitlement
from chassis.refusal import Refusal
from praxispost.messaging.v1 import drafts_pb2, guard_pb2, guard_pb2_grpc, withdrawals_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.drafting import (
    document,
    draft_content,
    drafts_of,
    stepped_up,
    withdrawals_of,
)
from tests.integration.messaging.model import Draft, GuardModel, Letter, Person, Practice, Record, Words
from tests.integration.messaging.model_others import Others
from tests.integration.messaging.post import Post, account, letter, refusing, staff

T = TypeVar("T")

ANSWER = Words("", "Danke!")


@dataclass
class World(Others):
    """Everything that the operations have made so far."""

    practices: list[Practice]
    persons: list[Person]
    letters: list[Letter] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    guard: GuardModel = field(default_factory=GuardModel)

    @classmethod
    def new(cls, post: Post, practices: int, records: int, persons: int) -> "World":
        """Practices with records, and persons who are nobody's yet."""
        made = []
        for _ in range(practices):
            admin = staff(role="admin")
            practice_id = admin.tenants[0]
            known = [Record(practice_id, post.patient(practice_id)) for _ in range(records)]
            made.append(Practice(admin, staff(practice_id), known))
        return cls(post, made, [Person(account()) for _ in range(persons)])

    @property
    def records(self) -> list[Record]:
        return [each for practice in self.practices for each in practice.records]

    def practice(self, record: Record) -> Practice:
        [found] = [each for each in self.practices if record in each.records]
        return found

    async def send(self, record: Record, words: Words, days: int, *, documents: int) -> None:
        """Staff write to a patient."""
        author = self.practice(record).admin
        attached = tuple(document(self.post) for _ in range(documents))
        request = letter(
            record.id,
            subject=words.subject,
            body=words.body,
            reply_allowed=days > 0,
            reply_period_days=days,
            attachment_ids=attached,
        )
        call = self.post.stub.SendMessage(request, metadata=self.post.to(author))
        sent = await self.expect(record.why_not(), call)
        if sent is not None:
            self._stored(sent.message_id, record, author, words, sent, days, attached)

    async def answer(self, person: Person, answered: Letter) -> None:
        """A person answers a message."""
        request = wire.SendReplyRequest(
            request_id=str(uuid4()),
            practice_id=str(answered.record.practice_id),
            in_reply_to=answered.id,
            body=ANSWER.body,
        )
        reason = person.why_not_answer(answered, self.post.clock())
        call = self.post.stub.SendReply(request, metadata=self.post.to(person.caller))
        sent = await self.expect(reason, call)
        if sent is not None:
            at = sent.sent_at.ToDatetime(UTC)
            answered.record.done = False
            self.letters.append(
                Letter(sent.message_id, answered.record, person.caller, ANSWER, at, answers=answered)
            )

    async def open(self, person: Person, wanted: Letter) -> None:
        """A person opens a message."""
        call = self._opened(person.caller, wanted)
        opened = await self.expect(person.why_not_open(wanted), call)
        if opened is not None:
            self.released(opened, wanted)
            if wanted.to_patient and not wanted.read:
                wanted.reader = person.reads_as(wanted)

    async def open_as_staff(self, wanted: Letter) -> None:
        """Staff open a message; an answer is read by that."""
        reason = "CONTENT_ERASED" if wanted.erased else ""
        opened = await self.expect(reason, self._opened(self.practice(wanted.record).colleague, wanted))
        if opened is not None:
            self.released(opened, wanted)
            if not wanted.to_patient:
                wanted.reader = wire.READER_PRACTICE

    def released(self, opened: wire.Message, wanted: Letter) -> None:
        """What came out is what went in, with a grant for each document."""
        assert opened.body == wanted.words.body
        assert opened.summary.subject == wanted.words.subject
        assert tuple(each.id for each in opened.attachments) == wanted.documents
        assert all(each.grant for each in opened.attachments)

    async def confirm(self, held: Letter, *, by_author: bool) -> None:
        """A staff member releases what is held."""
        practice = self.practice(held.record)
        by = practice.admin if by_author else practice.colleague
        request = guard_pb2.ConfirmHeldRequest(request_id=str(uuid4()), message_id=held.id)
        done = await self.expect(
            self._why_not_confirm(held, by),
            self._guard().ConfirmHeld(request, metadata=self.post.to(by)),
        )
        if done is None:
            return
        together = [
            each
            for each in self.letters
            if each.held and each.record.practice_id == held.record.practice_id and each.words == held.words
        ]
        expected = [each for each in together if each.author != by and not each.record.why_not()]
        assert set(done.message_ids) == {each.id for each in expected}
        at = done.released_at.ToDatetime(UTC)
        self.guard.released[held.record.practice_id, held.words] = at
        for each in expected:
            each.held, each.released_at = False, at
            if each.reply_until is not None:
                each.reply_until += at - each.sent_at

    async def reject(self, held: Letter) -> None:
        """A staff member decides that it is not sent."""
        request = guard_pb2.RejectHeldRequest(request_id=str(uuid4()), message_id=held.id)
        metadata = self.post.to(self.practice(held.record).colleague)
        call = self._guard().RejectHeld(request, metadata=metadata)
        if await self.expect("" if held.held else "MESSAGE_NOT_HELD", call) is not None:
            held.held, held.rejected = False, True

    async def withdraw(self, sent: Letter) -> None:
        """Staff take a message of either side back."""
        request = withdrawals_pb2.WithdrawMessageRequest(
            message_id=sent.id, withdrawal_reason=wire.WITHDRAWAL_REASON_OTHER
        )
        metadata = self.post.to(self.practice(sent.record).colleague)
        call = withdrawals_of(self.post).WithdrawMessage(request, metadata=metadata)
        if await self.expect("MESSAGE_HELD" if sent.held else "", call) is not None:
            sent.withdrawn = True

    async def close(self, sent: Letter) -> None:
        """Staff close a message for replies."""
        request = withdrawals_pb2.CloseForRepliesRequest(message_id=sent.id)
        metadata = self.post.to(self.practice(sent.record).colleague)
        call = withdrawals_of(self.post).CloseForReplies(request, metadata=metadata)
        if await self.expect("REPLY_NOT_ALLOWED" if sent.reply_until is None else "", call) is not None:
            sent.closed = True

    async def erase(self, sent: Letter) -> None:
        """The admin destroys what was withdrawn."""
        admin = self.practice(sent.record).admin
        proof = stepped_up(self.post, admin, sent.id)
        request = withdrawals_pb2.EraseContentRequest(message_id=sent.id, step_up=proof)
        call = withdrawals_of(self.post).EraseContent(request, metadata=self.post.to(admin))
        if await self.expect("" if sent.withdrawn else "NOT_WITHDRAWN", call) is not None:
            sent.erased = True

    async def begin(self, record: Record, words: Words, *, documents: int = 0) -> None:
        """Staff begin a draft."""
        attached = tuple(document(self.post) for _ in range(documents))
        content = draft_content(subject=words.subject, body=words.body, attachment_ids=attached)
        request = drafts_pb2.CreateDraftRequest(
            request_id=str(uuid4()), patient_id=str(record.id), content=content
        )
        metadata = self.post.to(self.practice(record).admin)
        made = await refusing(drafts_of(self.post).CreateDraft(request, metadata=metadata))
        self.drafts.append(Draft(made.draft_id, record, words, attached))

    async def save(self, draft: Draft, words: Words) -> None:
        """A colleague goes on with it."""
        content = draft_content(subject=words.subject, body=words.body, attachment_ids=draft.documents)
        request = drafts_pb2.SaveDraftRequest(
            request_id=str(uuid4()), draft_id=draft.id, version=draft.version, content=content
        )
        metadata = self.post.to(self.practice(draft.record).colleague)
        saved = await refusing(drafts_of(self.post).SaveDraft(request, metadata=metadata))
        draft.version, draft.words = saved.version, words

    async def send_draft(self, draft: Draft) -> None:
        """A colleague sends it."""
        by = self.practice(draft.record).colleague
        request = drafts_pb2.SendDraftRequest(
            request_id=str(uuid4()), draft_id=draft.id, version=draft.version
        )
        call = drafts_of(self.post).SendDraft(request, metadata=self.post.to(by))
        sent = await self.expect(draft.record.why_not(), call)
        if sent is not None:
            assert sent.message_id == draft.id
            self.drafts.remove(draft)
            self._stored(sent.message_id, draft.record, by, draft.words, sent, documents=draft.documents)

    def entitle(self, person: Person, record: Record, kind: str) -> None:
        """The person's next tokens let them read the record's messages, or with no kind no more."""
        person.kinds.pop((record.practice_id, record.id), None)
        if kind:
            person.kinds[record.practice_id, record.id] = kind
        entitlements = tuple(Entitlement(*whose, kind) for whose, kind in person.kinds.items())
        person.caller = dataclasses.replace(person.caller, entitlements=entitlements)

    def let_pass(self, time: timedelta) -> None:
        """Nothing happens for so long."""
        self.post.clock.ahead += time

    async def expect(self, reason: str, call: Awaitable[T]) -> T | None:
        """The answer, where the model expects one; None where the call was refused for its reason."""
        try:
            answer, refused = await refusing(call), ""
        except Refusal as refusal:
            answer, refused = None, refusal.reason
        assert refused == reason
        return answer

    def _stored(
        self,
        message_id: str,
        record: Record,
        author: Caller,
        words: Words,
        sent: wire.SendMessageResponse | drafts_pb2.SendDraftResponse,
        days: int = 0,
        documents: tuple[str, ...] = (),
    ) -> None:
        at: datetime = sent.sent_at.ToDatetime(UTC)
        until = at + timedelta(days=days) if days else None
        stored = Letter(message_id, record, author, words, at, until, documents)
        stored.held = self.guard.holds(record, words, at)
        assert sent.held == stored.held
        self.letters.append(stored)

    def _why_not_confirm(self, held: Letter, by: Caller) -> str:
        if not held.held:
            return "MESSAGE_NOT_HELD"
        return "SECOND_PERSON_NEEDED" if held.author == by else held.record.why_not()

    async def _opened(self, caller: Caller, wanted: Letter) -> wire.Message:
        return await self.post.open(caller, wanted.id, wanted.record.practice_id)

    def _guard(self) -> "guard_pb2_grpc.GuardServiceAsyncStub":
        return guard_pb2_grpc.GuardServiceStub(self.post.channel)
