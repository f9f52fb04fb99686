"""A small world of records and persons, driven over identity's RPCs: what the persons do."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from chassis.caller import Entitlement
from chassis.grpc_client import AioRpcError, refusal_of
from chassis.tokens import PublicKeys, TokenVerifier
from praxispost.identity.v1 import (
    account_changes_pb2,
    account_changes_pb2_grpc,
    accounts_pb2,
    accounts_pb2_grpc,
    password_reset_pb2,
    password_reset_pb2_grpc,
    registration_pb2,
    registration_pb2_grpc,
    sessions_pb2,
    sessions_pb2_grpc,
    tokens_pb2,
)
from services.identity.notices import Notice
from services.identity.tables.people import notice as notice_table
from tests.integration.identity.organisation.house import Metadata
from tests.integration.identity.organisation.reading_practices import Practices
from tests.integration.identity.organisation.reading_rules import Known, Login, Pair
from tests.integration.identity.stage import bearer

PASSWORD = "Kastanien am stillen Bach"
# Codes for one address are sent three times in a quarter of an hour.
BETWEEN_CODES = timedelta(minutes=16)


def reason_of(error: AioRpcError) -> str:
    """Why a call was refused; anything but a refusal is raised again."""
    refused = refusal_of(error)
    if refused is None:
        raise error
    return refused.reason


@dataclass(slots=True)
class World(Practices):
    """The records and logins that the operations have made so far, as the model knows them."""

    logins: list[Login] = field(default_factory=list)
    given: set[tuple[Pair, str]] = field(default_factory=set)
    """The birth dates that were given by who had proved this pair."""

    @property
    def portal(self) -> Metadata:
        """The metadata of a call by the portal."""
        return self.house.caller("portal")

    async def register(self, pair: Pair, birth_date: str) -> None:
        """A person with this address and number registers and gives a birth date."""
        await self.complete(pair, await self.prove(pair), birth_date)

    async def prove(self, pair: Pair) -> str:
        """A person proves address and number; returns the registration, which asks for the birth date now."""
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
        return secret

    async def complete(self, pair: Pair, secret: str, birth_date: str) -> None:
        """The person gives a birth date, and is logged in if that matches."""
        stub = registration_pb2_grpc.RegistrationServiceStub(self.house.channel)
        self.given.add((pair, birth_date))
        last = registration_pb2.CompleteRegistrationRequest(registration=secret, birth_date=birth_date)
        done = await stub.CompleteRegistration(last, metadata=self.portal)
        self.logins.append(Login(pair, done.session, done.account_id))

    async def come_back(self, pair: Pair) -> None:
        """Who registered in vain logs in, for whom the worker made an account since then."""
        index = self.house.base.proofs.contact.pair(pair.email, pair.mobile)
        known = {each.account_id for each in self.logins}
        for (account_id,) in await self.house.rows("SELECT id FROM account WHERE pair_index = %s", index):
            if str(account_id) not in known:
                login = Login(pair, "", str(account_id))
                await self.log_in(login)
                self.logins.append(login)

    async def reset_password(self, pair: Pair) -> None:
        """A person sets a new password, which is the same, with both proofs; all sessions end."""
        stub = password_reset_pb2_grpc.PasswordResetServiceStub(self.house.channel)
        self.house.clock.advance(BETWEEN_CODES)
        start = password_reset_pb2.StartPasswordResetRequest(
            email=pair.email, mobile=pair.mobile, password=PASSWORD
        )
        secret = (await stub.StartPasswordReset(start, metadata=self.portal)).reset
        accounts = [each.account_id for each in self.logins if each.pair == pair]
        to = accounts[-1] if accounts else ""
        code = await self._code(to, "account_email")
        by_email = password_reset_pb2.VerifyResetEmailRequest(reset=secret, code=code)
        await stub.VerifyResetEmail(by_email, metadata=self.portal)
        code = await self._code(to, "account")
        last = password_reset_pb2.CompletePasswordResetRequest(reset=secret, code=code)
        await stub.CompletePasswordReset(last, metadata=self.portal)
        for each in self.logins:
            assert each.pair != pair or await self.readable(each) == (), "a session outlives a new password"

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
            self.given.add((login.pair, birth_date))
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
        for each in [each for each in self.logins if each.account_id == login.account_id]:
            each.earlier.add(before)
            each.pair = new

    async def object(self, login: Login) -> None:
        """The person wants no electronic messages of any practice any more."""
        changes = account_changes_pb2_grpc.AccountChangeServiceStub(self.house.channel)
        person = bearer(await self._token(login, "identity"))
        for each in (await self.account(login)).bindings:
            request = account_changes_pb2.ObjectToMessagesRequest(
                practice_id=each.practice_id, patient_id=each.patient_id, objected=True
            )
            await changes.ObjectToMessages(request, metadata=person)

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

    async def readable(self, login: Login) -> tuple[Entitlement, ...]:
        """What messaging would let this login read; nothing when its session has ended."""
        return await self._entitlements(login) or ()

    def known(self) -> Known:
        """What the rules go by."""
        records = {each.patient_id: each for each in self.records}
        return Known(records, dict(self.documents), frozenset(self.given), self.today)

    async def read(self) -> list[tuple[Login, tuple[Entitlement, ...]]]:
        """What everybody reads now whose session goes on."""
        found = [(each, await self._entitlements(each)) for each in self.logins]
        return [(login, entitlements) for login, entitlements in found if entitlements is not None]

    async def _entitlements(self, login: Login) -> tuple[Entitlement, ...] | None:
        """None when the session has ended."""
        try:
            token = await self._token(login, "messaging")
        except AioRpcError as error:
            if reason_of(error) != "SESSION_ENDED":
                raise
            return None
        keys = PublicKeys.local(self.house.base.signing_keys)
        verifier = TokenVerifier("messaging", keys, self.house.clock)
        return (await verifier.verify(token)).entitlements

    async def _token(self, login: Login, audience: str) -> str:
        request = tokens_pb2.ExchangeSessionRequest(session=login.session, audience=audience, by_person=True)
        return (await self.house.tokens.ExchangeSession(request, metadata=self.portal)).token

    async def _code(self, value: str, to: str = "") -> str:
        """The code that was last sent to the address, number or account; a wrong one if none was."""
        now = self.house.clock()
        query = select(notice_table.c.id, notice_table.c.sealed).where(notice_table.c.expires_at > now)
        async with self.house.base.database.transaction() as tx:
            rows = (await tx.execute(query)).all()
        opened = [self.house.base.proofs.notices.opened(row.id, row.sealed) for row in rows]
        kinds = (to,) if to else ("email", "mobile", "account")
        sent: list[Notice] = [
            each for each in opened if each.code and each.to.value == value and each.to.kind in kinds
        ]
        return max(sent, key=lambda each: each.expires_at).code if sent else "000000"
