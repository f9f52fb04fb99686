"""The person's side of identity, put together: registration, logins, sessions, accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Database
from chassis.keys import Keys, Sealer
from chassis.tokens import TokenSigner
from services.identity.account_changes.contact import ContactChanging
from services.identity.account_changes.deletion import Deletion
from services.identity.account_changes.following import Following
from services.identity.account_changes.languages import Languages
from services.identity.account_changes.new_password import PasswordChanging
from services.identity.account_changes.objections import Objections
from services.identity.account_changes.passwords import AccountPasswords
from services.identity.account_changes.servicer import AccountChangeServicer
from services.identity.account_changes.storage import ContactChanges
from services.identity.accounts.bindings import Bindings
from services.identity.accounts.offers import Offers
from services.identity.accounts.overview import Overview
from services.identity.accounts.returning import Returning
from services.identity.accounts.servicer import AccountServicer
from services.identity.accounts.storage import Accounts
from services.identity.admission.corrections import Corrections
from services.identity.admission.looks import Looks
from services.identity.auth_metrics import AuthAttempts
from services.identity.codes import Codes
from services.identity.contact import ContactIndex
from services.identity.notices import NoticeQueue
from services.identity.password_reset.servicer import PasswordResetServicer
from services.identity.password_reset.steps import PasswordResetSteps
from services.identity.passwords import Passwords
from services.identity.patients.search import SearchIndex
from services.identity.patients.store import PatientStore
from services.identity.readers.entitlements import Entitlements
from services.identity.readers.moving_along import MovingAlong
from services.identity.readers.representations import Representations
from services.identity.registration.completion import Completion
from services.identity.registration.new_accounts import NewAccounts
from services.identity.registration.servicer import RegistrationServicer
from services.identity.registration.steps import RegistrationSteps
from services.identity.registration.storage import Registrations
from services.identity.sessions.account_login import AccountLogin
from services.identity.sessions.exchange import Exchange
from services.identity.sessions.own_sessions import OwnSessions
from services.identity.sessions.servicer import SessionServicer
from services.identity.sessions.staff_login import StaffLogin


@dataclass(frozen=True, slots=True)
class Proofs:
    """What both sides of identity prove and find people with."""

    contact: ContactIndex
    search: SearchIndex
    passwords: Passwords
    codes: Codes
    notices: NoticeQueue
    attempts: AuthAttempts


@dataclass(frozen=True, slots=True)
class People:
    """What answers people; `exchange` is TokenService's part of it."""

    registration: RegistrationServicer
    sessions: SessionServicer
    accounts: AccountServicer
    account_changes: AccountChangeServicer
    password_reset: PasswordResetServicer
    exchange: Exchange


def looks(
    database: Database,
    keys: Keys,
    registration_sealer: Sealer,
    proofs: Proofs,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> Looks:
    """What the worker looks at registrations with."""
    registrations = Registrations(registration_sealer)
    new_accounts = NewAccounts(registrations, Accounts(keys), new_id)
    bindings = Bindings(proofs.search, new_id)
    return Looks(database, registrations, new_accounts, bindings, proofs.notices, clock=clock)


def people(
    database: Database,
    keys: Keys,
    registration_sealer: Sealer,
    proofs: Proofs,
    signer: TokenSigner,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> People:
    """Build it all; `registration_sealer` is under the service's own key (REGISTRATION_KEY)."""
    index, passwords, attempts = proofs.contact, proofs.passwords, proofs.attempts
    codes, notices = proofs.codes, proofs.notices
    registrations = Registrations(registration_sealer)
    accounts = Accounts(keys)
    bindings = Bindings(proofs.search, new_id)
    representations = Representations(keys)
    steps = RegistrationSteps(
        database, registrations, index, passwords, codes, notices, attempts, clock=clock, new_id=new_id
    )
    new_accounts = NewAccounts(registrations, accounts, new_id)
    completion = Completion(
        database, registrations, new_accounts, bindings, attempts, clock=clock, new_id=new_id
    )
    staff_login = StaffLogin(database, index, passwords, attempts, clock=clock, new_id=new_id)
    returning = Returning(database, bindings, clock=clock)
    account_login = AccountLogin(
        database, index, passwords, codes, notices, attempts, returning, clock=clock, new_id=new_id
    )
    return People(
        registration=RegistrationServicer(steps, completion),
        sessions=SessionServicer(staff_login, account_login, OwnSessions(database, clock=clock)),
        accounts=AccountServicer(
            Overview(database, accounts, PatientStore(keys, index, proofs.search), representations, clock),
            Offers(database, bindings, attempts, clock=clock),
        ),
        account_changes=_account_changes(database, keys, proofs, returning, clock=clock, new_id=new_id),
        password_reset=PasswordResetServicer(
            PasswordResetSteps(
                database, index, passwords, codes, notices, attempts, clock=clock, new_id=new_id
            )
        ),
        exchange=Exchange(database, signer, attempts, Entitlements(representations), clock),
    )


def _account_changes(
    database: Database,
    keys: Keys,
    proofs: Proofs,
    returning: Returning,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> AccountChangeServicer:
    index, attempts, accounts = proofs.contact, proofs.attempts, Accounts(keys)
    passwords = AccountPasswords(database, proofs.passwords, index, attempts, clock=clock)
    records, corrections = PatientStore(keys, index, proofs.search), Corrections(index)
    changing = ContactChanging(
        database,
        accounts,
        ContactChanges(keys),
        passwords,
        Following(records, corrections, MovingAlong(records, corrections)),
        index,
        proofs.codes,
        proofs.notices,
        attempts,
        returning,
        clock=clock,
        new_id=new_id,
    )
    new_password = PasswordChanging(
        database, accounts, passwords, proofs.passwords, index, proofs.notices, clock=clock
    )
    return AccountChangeServicer(
        changing,
        new_password,
        Languages(database, accounts),
        Objections(database, clock=clock),
        Deletion(database, accounts, passwords, clock=clock),
    )
