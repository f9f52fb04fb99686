"""What every process of identity stands on: its databases, and what is made of the service's own keys."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prometheus_client import CollectorRegistry

from chassis.database import Database
from chassis.idempotency import Requests
from chassis.keys import BlindIndex, KeyDatabase, Keys, Sealer, WrappingKeys
from chassis.signing import SigningKeys
from services.identity.auth_metrics import AuthAttempts
from services.identity.codes import CODE_KEY, Codes
from services.identity.contact import CONTACT_INDEX_KEY, ContactIndex
from services.identity.notices import NOTICE_KEY, NoticeQueue
from services.identity.passwords import PASSWORD_KEY, Passwords
from services.identity.patients.search import PATIENT_INDEX_KEY, SearchIndex
from services.identity.people import Proofs
from services.identity.registration.storage import REGISTRATION_KEY

_REQUEST_KEY: Final = "request"


@dataclass(frozen=True, slots=True)
class Foundation:
    """Open databases, and the means to prove, seal and find."""

    database: Database
    keys: Keys
    signing_keys: SigningKeys
    requests: Requests
    proofs: Proofs
    registration_sealer: Sealer


@asynccontextmanager
async def foundation(
    *,
    database_url: str,
    keys_database_url: str,
    wrapping: WrappingKeys,
    pool_size: int,
    registry: CollectorRegistry,
    new_id: Callable[[], UUID],
) -> AsyncIterator[Foundation]:
    """Open the databases for as long as the block lasts; the service's keys are made where there are none."""
    database, key_database = Database(database_url, pool_size=pool_size), KeyDatabase(keys_database_url)
    keys = Keys(key_database, wrapping)
    try:
        proofs = await _proofs(keys, registry, new_id)
        yield Foundation(
            database=database,
            keys=keys,
            signing_keys=SigningKeys(key_database, wrapping),
            requests=Requests(await keys.service_key(_REQUEST_KEY)),
            proofs=proofs,
            registration_sealer=Sealer({1: await keys.service_key(REGISTRATION_KEY)}),
        )
        proofs.passwords.close()
    finally:
        await database.close()
        await key_database.close()


async def _proofs(keys: Keys, registry: CollectorRegistry, new_id: Callable[[], UUID]) -> Proofs:
    return Proofs(
        contact=ContactIndex(BlindIndex(await keys.service_key(CONTACT_INDEX_KEY))),
        search=SearchIndex(BlindIndex(await keys.service_key(PATIENT_INDEX_KEY))),
        passwords=Passwords(await keys.service_key(PASSWORD_KEY)),
        codes=Codes(await keys.service_key(CODE_KEY)),
        notices=NoticeQueue(Sealer({1: await keys.service_key(NOTICE_KEY)}), new_id),
        attempts=AuthAttempts(registry),
    )
