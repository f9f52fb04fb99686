"""A small world of records and persons, driven over identity's RPCs, and a model of who may read what."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import select

from chassis.caller import Entitlement
from chassis.grpc_client import AioRpcError, refusal_of
from chassis.tokens import PublicKeys, TokenVerifier
from praxispost.identity.v1 import (
    account_changes_pb2,
    account_changes_pb2_grpc,
    accounts_pb2,
    accounts_pb2_grpc,
    imports_pb2,
    imports_pb2_grpc,
    patients_pb2,
    readers_pb2,
    readers_pb2_grpc,
    registration_pb2,
    registration_pb2_grpc,
    sessions_pb2,
    sessions_pb2_grpc,
    tokens_pb2,
)
from services.identity.notices import Notice
from services.identity.tables.people import notice as notice_table
from tests.integration.identity.organisation.house import House, Metadata, request_id
from tests.integration.identity.stage import bearer

PASSWORD = "Kastanien am stillen Bach"
# Codes for one address are sent three times in a quarter of an hour.
BETWEEN_CODES = timedelta(minutes=16)

Answer: TypeAlias = readers_pb2.SamePerson | readers_pb2.Represented | readers_pb2.OwnContact


def reason_of(error: AioRpcError) -> str:
    """Why a call was refused; anything but a refusal is raised again."""
    refused = refusal_of(error)
    if refused is None:
        raise error
    return refused.reason


@dataclass(frozen=True, slots=True)
class Pair:
    """An address and a number."""

    email: str
    mobile: str


@dataclass(slots=True)
class Record:
    """What a practice's record says now."""

    practice_id: UUID
    patient_id: str
    pair: Pair
    birth_date: str

    def is_minor(self, today: date) -> bool:
        """Whether the patient is under 18, as far as the record says."""
        born = date.fromisoformat(self.birth_date) if self.birth_date else date.min
        return (today.year - born.year, today.month, today.day) < (18, born.month, born.day)


@dataclass(slots=True)
class Login:
    """A session of the person who proved this pair."""

    pair: Pair
    session: str
    account_id: str


@dataclass(slots=True)
class World:
    """The records and logins that the operations have made so far, as the model knows them."""

    house: House
    practices: list[UUID]
    records: list[Record] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)
    documented: set[tuple[str, str]] = field(default_factory=set)
    """Represented patient and representative, as staff have documented."""

    @property
    def portal(self) -> Metadata:
        """The metadata of a call by the portal."""
        return self.house.caller("portal")

    def staff(self, record: Record) -> Metadata:
        """The metadata of a call by somebody of the record's practice."""
        return self.house.caller("admin", record.practice_id)

    async def create(self, practice_id: UUID, pair: Pair, birth_date: str) -> None:
        """Staff make a record."""
        data = patients_pb2.PatientData(
            given_name="Erika",
            family_name="Beispiel",
            birth_date=birth_date,
            email=pair.email,
            mobile=pair.mobile,
        )
        made = await self.house.patient(practice_id, data)
        self.records.append(Record(practice_id, made.patient_id, pair, birth_date))

    async def bring(self, practice_id: UUID, external_id: str, pair: Pair, birth_date: str) -> None:
        """The practice's own system brings a record along, new or known."""
        data = patients_pb2.PatientData(
            given_name="Erika",
            family_name="Beispiel",
            birth_date=birth_date,
            email=pair.email,
            mobile=pair.mobile,
        )
        row = imports_pb2.ImportRow(external_id=external_id, data=data)
        part = imports_pb2.ImportPatientsRequest(rows=[row])
        imports = imports_pb2_grpc.ImportServiceStub(self.house.channel)
        await imports.ImportPatients(iter([part]), metadata=self.house.caller("admin", practice_id))

    async def edit(self, record: Record, pair: Pair) -> None:
        """Staff change a record's address and number."""
        request = patients_pb2.UpdatePatientRequest(
            patient_id=record.patient_id,
            data=patients_pb2.PatientData(email=pair.email, mobile=pair.mobile),
        )
        request.update_mask.paths.extend(["email", "mobile"])
        await self.house.patients.UpdatePatient(request, metadata=self.staff(record))

    async def register(self, pair: Pair, birth_date: str) -> None:
        """A person with this address and number registers and gives a birth date."""
        stub = registration_pb2_grpc.RegistrationServiceStub(self.house.channel)
        self.house.clock.advance(BETWEEN_CODES)
        start = registration_pb2.StartRegistrationRequest(
            email=pair.email, mobile=pair.mobile, password=PASSWORD
        )
        secret = (await stub.StartRegistration(start, metadata=self.portal)).registration
        by_email = registration_pb2.VerifyEmailRequest(registration=secret, code=await self._code(pair.email))
        await stub.VerifyEmail(by_email, metadata=self.portal)
        by_sms = registration_pb2.VerifyMobileRequest(registration=secret, code=await self._code(pair.mobile))
        await stub.VerifyMobile(by_sms, metadata=self.portal)
        last = registration_pb2.CompleteRegistrationRequest(registration=secret, birth_date=birth_date)
        done = await stub.CompleteRegistration(last, metadata=self.portal)
        self.logins.append(Login(pair, done.session, done.account_id))

    async def log_in(self, login: Login) -> None:
        """The person logs in again."""
        sessions = sessions_pb2_grpc.SessionServiceStub(self.house.channel)
        self.house.clock.advance(BETWEEN_CODES)
        start = sessions_pb2.StartLoginRequest(email=login.pair.email, password=PASSWORD)
        secret = (await sessions.StartLogin(start, metadata=self.portal)).login
        code = await self._code(login.account_id)
        finish = sessions_pb2.FinishLoginRequest(login=secret, code=code)
        login.session = (await sessions.FinishLogin(finish, metadata=self.portal)).session

    async def accept_offers(self, login: Login, birth_date: str) -> None:
        """The person logs in again and accepts what is offered."""
        accounts = accounts_pb2_grpc.AccountServiceStub(self.house.channel)
        await self.log_in(login)
        person = bearer(await self._token(login, "identity"))
        asking = accounts_pb2.ListBindingOffersRequest()
        for offer in (await accounts.ListBindingOffers(asking, metadata=person)).offers:
            request = accounts_pb2.AcceptBindingOfferRequest(
                practice_id=offer.practice_id, birth_date=birth_date
            )
            await accounts.AcceptBindingOffer(request, metadata=person)

    async def account(self, login: Login) -> accounts_pb2.GetAccountResponse:
        """What the person sees of the own account."""
        accounts = accounts_pb2_grpc.AccountServiceStub(self.house.channel)
        person = bearer(await self._token(login, "identity"))
        return await accounts.GetAccount(accounts_pb2.GetAccountRequest(), metadata=person)

    async def change_contact(self, login: Login, pair: Pair) -> None:
        """The person changes address or number, one at a time, and proves the new one."""
        changes = account_changes_pb2_grpc.AccountChangeServiceStub(self.house.channel)
        await self.log_in(login)
        person = bearer(await self._token(login, "identity"))
        new = Pair(pair.email, login.pair.mobile) if pair.email != login.pair.email else pair
        start = account_changes_pb2.StartContactChangeRequest(password=PASSWORD)
        if new.email != login.pair.email:
            start.email = new.email
        else:
            start.mobile = new.mobile
        await changes.StartContactChange(start, metadata=person)
        code = await self._code(start.email or start.mobile)
        confirm = account_changes_pb2.ConfirmContactChangeRequest(code=code)
        await changes.ConfirmContactChange(confirm, metadata=person)
        before = login.pair
        for each in self.logins:
            each.pair = new if each.pair == before else each.pair

    async def delete_account(self, login: Login) -> None:
        """The person deletes the account, with all its logins."""
        changes = account_changes_pb2_grpc.AccountChangeServiceStub(self.house.channel)
        await self.log_in(login)
        person = bearer(await self._token(login, "identity"))
        await changes.DeleteAccount(
            account_changes_pb2.DeleteAccountRequest(password=PASSWORD), metadata=person
        )
        for each in self.logins:
            assert each.pair != login.pair or await self.readable(each) == (), "a deleted account reads"

    async def answer(self, record: Record, answer: Answer) -> None:
        """Staff answer who reads for the record's patient."""
        readers = readers_pb2_grpc.ReaderServiceStub(self.house.channel)
        request = readers_pb2.AnswerReaderQuestionRequest(
            request_id=request_id(), patient_id=record.patient_id
        )
        match answer:
            case readers_pb2.SamePerson():
                request.same_person.CopyFrom(answer)
            case readers_pb2.Represented():
                request.represented.CopyFrom(answer)
            case readers_pb2.OwnContact():
                request.own_contact.CopyFrom(answer)
        await readers.AnswerReaderQuestion(request, metadata=self.staff(record))
        if isinstance(answer, readers_pb2.Represented):
            self.documented.add((answer.represented_patient_id, answer.representative_id))
        elif isinstance(answer, readers_pb2.OwnContact):
            self._end_documents(record)
        else:
            self._merge(record.patient_id, answer)

    async def end_representation(self, record: Record) -> None:
        """Staff end the representation of the record's patient."""
        readers = readers_pb2_grpc.ReaderServiceStub(self.house.channel)
        request = readers_pb2.EndRepresentationRequest(request_id=request_id(), patient_id=record.patient_id)
        await readers.EndRepresentation(request, metadata=self.staff(record))
        self._end_documents(record)

    async def look_at_records(self) -> None:
        """Take over what the records say now; a change of the person's reaches them too."""
        known = {record.patient_id: record for record in self.records}
        request = patients_pb2.ListPatientsRequest(page_size=200)
        for practice_id in self.practices:
            staff = self.house.caller("admin", practice_id)
            for each in (await self.house.patients.ListPatients(request, metadata=staff)).patients:
                pair = Pair(each.data.email, each.data.mobile)
                if each.id in known:
                    known[each.id].pair = pair
                    known[each.id].birth_date = each.data.birth_date
                else:
                    self.records.append(Record(practice_id, each.id, pair, each.data.birth_date))

    async def readable(self, login: Login) -> tuple[Entitlement, ...]:
        """What messaging would let this login read; nothing when its session has ended."""
        try:
            token = await self._token(login, "messaging")
        except AioRpcError as error:
            if reason_of(error) != "SESSION_ENDED":
                raise
            return ()
        keys = PublicKeys.local(self.house.base.signing_keys)
        verifier = TokenVerifier("messaging", keys, self.house.clock)
        return (await verifier.verify(token)).entitlements

    def may_read(self, login: Login, entitlement: Entitlement) -> bool:
        """The rule: the record's own verified pair, or documented to represent, by a patient who is that."""
        read = self._record(entitlement)
        if entitlement.kind == "self":
            return read.pair == login.pair
        return any(
            (read.patient_id, own.patient_id) in self.documented and own.pair == login.pair
            for own in self.records
            if own.practice_id == read.practice_id
        )

    def _merge(self, asked: str, answer: readers_pb2.SamePerson) -> None:
        """Whom the archived record represented, the kept one represents, if that is an adult's."""
        archived = answer.archived_patient_id
        [kept] = {asked, answer.other_patient_id} - {archived}
        if any(by == archived for _, by in self.documented):
            [record] = [each for each in self.records if each.patient_id == kept]
            assert not record.is_minor(self.house.clock().date()), "a minor reads for somebody"
        self.documented = {(of, kept if by == archived else by) for of, by in self.documented}

    def _end_documents(self, record: Record) -> None:
        self.documented = {each for each in self.documented if each[0] != record.patient_id}

    def _record(self, entitlement: Entitlement) -> Record:
        [record] = [each for each in self.records if each.patient_id == str(entitlement.subject_id)]
        assert record.practice_id == entitlement.tenant_id, entitlement
        return record

    async def _token(self, login: Login, audience: str) -> str:
        request = tokens_pb2.ExchangeSessionRequest(session=login.session, audience=audience, by_person=True)
        return (await self.house.tokens.ExchangeSession(request, metadata=self.portal)).token

    async def _code(self, address: str) -> str:
        """The code that was last sent to the address, number or account; a wrong one if none was."""
        query = select(notice_table.c.id, notice_table.c.sealed)
        async with self.house.base.database.transaction() as tx:
            rows = (await tx.execute(query)).all()
        opened = [self.house.base.proofs.notices.opened(row.id, row.sealed) for row in rows]
        sent: list[Notice] = [each for each in opened if each.to.value == address]
        return max(sent, key=lambda each: each.expires_at).code if sent else "000000"
