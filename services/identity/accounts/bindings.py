"""Finds the records that hold a pair, in all practices, and binds an account to them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, bindparam, exists, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import limit_to_tenants
from services.identity.accounts.domain import SELF, Candidate, Judgement
from services.identity.patients.domain import BIRTH_DATE_TRIES
from services.identity.patients.pairs import lock_pairs
from services.identity.patients.search import SearchIndex
from services.identity.patients.states import binding_changed
from services.identity.refusals import not_matched
from services.identity.tables.people import account
from services.identity.tables.practices import binding, patient
from services.identity.tables.readers import representation
from services.identity.tasks import close_task, open_task

_PRACTICES: Final = text(
    "SELECT DISTINCT practice_id FROM patients_by_pair(:pair_index) ORDER BY practice_id"
).bindparams(bindparam("pair_index", type_=LargeBinary))
_COUNT: Final = text("SELECT count(*) FROM active_bindings(:account_id)").bindparams(
    bindparam("account_id", type_=Uuid)
)
_BOUND_TO: Final = (
    select(binding.c.account_id)
    .where(
        binding.c.practice_id == patient.c.practice_id,
        binding.c.patient_id == patient.c.id,
        binding.c.state == "active",
        binding.c.kind == SELF,
    )
    .correlate(patient)
    .scalar_subquery()
)
_REPRESENTATIVE: Final = patient.alias("representative")
_REPRESENTED: Final = exists().where(
    representation.c.practice_id == patient.c.practice_id,
    representation.c.patient_id == patient.c.id,
    representation.c.ended_at.is_(None),
)
_SHARES_WITH_READER: Final = _REPRESENTED.where(
    _REPRESENTATIVE.c.practice_id == representation.c.practice_id,
    _REPRESENTATIVE.c.id == representation.c.representative_id,
    _REPRESENTATIVE.c.email_index == patient.c.email_index,
)
_CANDIDATE: Final = (
    patient.c.practice_id,
    patient.c.id,
    patient.c.birth_date_index,
    patient.c.conflict,
    patient.c.birth_date_tries,
    _BOUND_TO.label("bound_to"),
    _REPRESENTED.label("represented"),
    _SHARES_WITH_READER.label("shares_with_reader"),
)


async def practices_with_pair(tx: AsyncConnection, pair_index: bytes) -> tuple[UUID, ...]:
    """The practices that have a record with the pair, in the order in which they are to be locked."""
    return tuple((await tx.execute(_PRACTICES, {"pair_index": pair_index})).scalars())


async def candidates(
    tx: AsyncConnection, practices: Iterable[UUID], pair_index: bytes, *, locked: bool
) -> list[Candidate]:
    """The records of these practices that hold the pair; the transaction is limited to the practices now.

    Locked: nobody else binds them or changes their pair meanwhile.
    """
    limited = sorted(practices)
    await limit_to_tenants(tx, limited)
    query = select(*_CANDIDATE).where(
        patient.c.practice_id.in_(limited),
        patient.c.pair_index == pair_index,
        patient.c.archived_at.is_(None),
    )
    query = query.order_by(patient.c.practice_id, patient.c.id)
    if locked:
        for practice_id in limited:
            await lock_pairs(tx, practice_id, (pair_index,))
        query = query.with_for_update(of=patient)
    return [Candidate(*row) for row in await tx.execute(query)]


async def count_bindings(tx: AsyncConnection, account_id: UUID) -> int:
    """How many patients the account is bound to."""
    count: int = (await tx.execute(_COUNT, {"account_id": account_id})).scalar_one()
    return count


class Bindings:
    """Carries out what was judged of candidates, which the caller has locked."""

    def __init__(self, search: SearchIndex, new_id: Callable[[], UUID]) -> None:
        self._search = search
        self._new_id = new_id

    def birth_dates(self, candidates: Iterable[Candidate], birth_date: date) -> Mapping[UUID, bytes]:
        """The index of the birth date in each of the candidates' practices."""
        practices = {each.practice_id for each in candidates}
        return {practice_id: self._search.birth_date(practice_id, birth_date) for practice_id in practices}

    async def count_wrong(self, tx: AsyncConnection, judgement: Judgement, now: datetime) -> None:
        """Count a wrong birth date on each record concerned; the third locks it, and the practice has a task.

        The caller commits also where it refuses.
        """
        if not judgement.wrong:
            return
        wrong = [(each.practice_id, each.patient_id) for each in judgement.wrong]
        these = tuple_(patient.c.practice_id, patient.c.id).in_(wrong)
        await tx.execute(update(patient).where(these).values(birth_date_tries=patient.c.birth_date_tries + 1))
        for each in judgement.wrong:
            if each.birth_date_tries + 1 == BIRTH_DATE_TRIES:
                await binding_changed(tx, each.practice_id, each.patient_id, now)
                await open_task(tx, each.practice_id, each.patient_id, "cannot_get_in", now)

    async def bind(
        self, tx: AsyncConnection, judgement: Judgement, account_id: UUID, pair_index: bytes, now: datetime
    ) -> None:
        """Bind the account to the records that were judged so.

        Refuses NOT_MATCHED where the account has another pair by now, or is gone; until the transaction ends
        it keeps the pair.
        """
        if judgement.to_bind:
            kept = select(account.c.pair_index).where(account.c.id == account_id).with_for_update(read=True)
            if (await tx.execute(kept)).scalar_one_or_none() != pair_index:
                raise not_matched()
        acting = Caller(account_id, "account", None, (), None, now)
        for each in judgement.to_bind:
            binding_id = self._new_id()
            row = {
                "practice_id": each.practice_id,
                "id": binding_id,
                "patient_id": each.patient_id,
                "account_id": account_id,
                "kind": SELF,
                "state": "active",
                "pair_index": pair_index,
                "birth_date_index": each.birth_date_index,
                "bound_at": now,
            }
            await _end_suspended(tx, each, account_id)
            await tx.execute(insert(binding).values(row))
            await binding_changed(tx, each.practice_id, each.patient_id, now)
            await close_task(tx, each.practice_id, each.patient_id, "cannot_get_in", now)
            await record_audit(
                tx,
                caller=acting,
                tenant_id=each.practice_id,
                action="bind",
                object_kind="patient",
                object_id=each.patient_id,
                now=now,
            )


async def _end_suspended(tx: AsyncConnection, candidate: Candidate, account_id: UUID) -> None:
    """The account's earlier binding to the record is replaced."""
    these = (
        binding.c.practice_id == candidate.practice_id,
        binding.c.patient_id == candidate.patient_id,
        binding.c.account_id == account_id,
        binding.c.state == "suspended",
    )
    await tx.execute(update(binding).where(*these).values(state="ended"))
