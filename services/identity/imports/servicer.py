"""ImportService: from the contract to the use cases and back."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from chassis.refusal import invalid
from chassis.rpc_context import caller
from chassis.validation import required_uuid
from praxispost.identity.v1 import imports_pb2, imports_pb2_grpc
from services.identity.imports.domain import MOST_ROWS, Outcome, Rejection
from services.identity.imports.use_cases import Imports
from services.identity.times import timestamp

_MOST_REJECTIONS: Final = 1_000
_OUTCOMES: Final["Mapping[Outcome, imports_pb2.ImportOutcome.ValueType]"] = {
    "created": imports_pb2.IMPORT_OUTCOME_CREATED,
    "updated": imports_pb2.IMPORT_OUTCOME_UPDATED,
    "unchanged": imports_pb2.IMPORT_OUTCOME_UNCHANGED,
    "differs": imports_pb2.IMPORT_OUTCOME_DIFFERS,
    "rejected": imports_pb2.IMPORT_OUTCOME_REJECTED,
}


class ImportServicer(imports_pb2_grpc.ImportServiceServicer):
    """Answers for imports."""

    def __init__(self, imports: Imports) -> None:
        self._imports = imports

    async def ImportPatients(
        self, request_iterator: AsyncIterator[imports_pb2.ImportPatientsRequest], context: object
    ) -> imports_pb2.ImportPatientsResponse:
        outcomes = await self._imports.take(caller(), _parts(request_iterator))
        if not outcomes:
            raise invalid("rows", "are required")
        return _answer(outcomes)

    async def GetImportDifference(
        self, request: imports_pb2.GetImportDifferenceRequest, context: object
    ) -> imports_pb2.GetImportDifferenceResponse:
        patient_id = required_uuid("patient_id", request.patient_id)
        found = await self._imports.difference(caller(), patient_id)
        if found is None:
            return imports_pb2.GetImportDifferenceResponse()
        return imports_pb2.GetImportDifferenceResponse(
            open=True,
            email=found.email or "",
            mobile=found.mobile or "",
            noticed_at=timestamp(found.noticed_at),
        )

    async def KeepContact(
        self, request: imports_pb2.KeepContactRequest, context: object
    ) -> imports_pb2.KeepContactResponse:
        patient_id = required_uuid("patient_id", request.patient_id)
        return imports_pb2.KeepContactResponse(closed=await self._imports.keep_contact(caller(), patient_id))


async def _parts(
    requests: AsyncIterator[imports_pb2.ImportPatientsRequest],
) -> AsyncIterator[Sequence[imports_pb2.ImportRow]]:
    count = 0
    async for part in requests:
        count += len(part.rows)
        if count > MOST_ROWS:
            raise invalid("rows", f"must be at most {MOST_ROWS} in all")
        yield part.rows


def _answer(outcomes: list[Outcome | Rejection]) -> imports_pb2.ImportPatientsResponse:
    said: list[Outcome] = ["rejected" if isinstance(each, Rejection) else each for each in outcomes]
    rejections = [
        imports_pb2.ImportRejection(row=row, field=each.field, description=each.description)
        for row, each in enumerate(outcomes)
        if isinstance(each, Rejection)
    ]
    counts = Counter(said)
    return imports_pb2.ImportPatientsResponse(
        outcomes=[_OUTCOMES[each] for each in said],
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        differing=counts["differs"],
        rejected=counts["rejected"],
        rejections=rejections[:_MOST_REJECTIONS],
    )
