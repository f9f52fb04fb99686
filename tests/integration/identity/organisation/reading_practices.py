"""What staff do in the small world of `reading`, and the worker after them."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from praxispost.identity.v1 import (
    access_pb2,
    imports_pb2,
    imports_pb2_grpc,
    patients_pb2,
    readers_pb2,
    readers_pb2_grpc,
)
from services.identity.organisation import readers_upkeep
from tests.integration.identity.organisation.house import House, Metadata, new_id, request_id
from tests.integration.identity.organisation.newcomer import access_of, look, release
from tests.integration.identity.organisation.reading_rules import Document, Pair, Record

Answer: TypeAlias = readers_pb2.SamePerson | readers_pb2.Represented | readers_pb2.OwnContact


@dataclass(slots=True)
class Practices:
    """Practices with the records that the operations have made so far, as the model knows them."""

    house: House
    practices: list[UUID]
    records: list[Record] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    """Who is represented, and by whom, as staff have documented."""

    @property
    def today(self) -> date:
        return self.house.clock().date()

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
        await self._edit(record, email=pair.email, mobile=pair.mobile)

    async def edit_birth_date(self, record: Record, birth_date: str) -> None:
        """Staff correct a birth date, which releases it as well."""
        await self._edit(record, birth_date=birth_date)

    async def release_birth_date(self, record: Record) -> None:
        """Staff let the birth date be tried anew."""
        await release(self.house, record.practice_id, record.patient_id)

    async def mark(self, record: Record, mark: "access_pb2.PatientMark.ValueType") -> None:
        """Staff mark the patient as deceased or as having objected, or settle what is in the way."""
        request = access_pb2.MarkPatientRequest(patient_id=record.patient_id, mark=mark, set=True)
        await access_of(self.house).MarkPatient(request, metadata=self.staff(record))
        settled = access_pb2.SettleAccessRequest(patient_id=record.patient_id)
        await access_of(self.house).SettleAccess(settled, metadata=self.staff(record))

    async def work_off(self) -> None:
        """The worker looks at who waits for a correction, and at representations."""
        await look(self.house)
        upkeep = readers_upkeep(self.house.base, clock=self.house.clock, new_id=new_id)
        while await upkeep.check_some():
            pass
        today, records = self.today, {each.patient_id: each for each in self.records}
        for of in [of for of, each in self.documents.items() if not each.holds(records[of], today)]:
            self._end_document(records[of])

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
            custody = answer.basis == readers_pb2.REPRESENTATION_BASIS_CUSTODY
            of, by = answer.represented_patient_id, answer.representative_id
            self.documents[of] = Document(by, custody, answer.ends_on)
            self._known(of).answered = True
        elif isinstance(answer, readers_pb2.OwnContact):
            self._end_document(record)
            record.answered = True
        else:
            self._merge(record.patient_id, answer)

    async def end_representation(self, record: Record) -> None:
        """Staff end the representation of the record's patient."""
        readers = readers_pb2_grpc.ReaderServiceStub(self.house.channel)
        request = readers_pb2.EndRepresentationRequest(request_id=request_id(), patient_id=record.patient_id)
        await readers.EndRepresentation(request, metadata=self.staff(record))
        self._end_document(record)

    async def look_at_records(self) -> None:
        """Take over what the records say now; a change of the person's reaches them too."""
        known = {record.patient_id: record for record in self.records}
        request = patients_pb2.ListPatientsRequest(page_size=200)
        for practice_id in self.practices:
            staff = self.house.caller("admin", practice_id)
            for each in (await self.house.patients.ListPatients(request, metadata=staff)).patients:
                pair = Pair(each.data.email, each.data.mobile)
                if each.id not in known:
                    known[each.id] = Record(practice_id, each.id, pair, each.data.birth_date)
                    self.records.append(known[each.id])
                _update(known[each.id], pair, each)

    async def _edit(self, record: Record, **data: Any) -> None:
        request = patients_pb2.UpdatePatientRequest(
            patient_id=record.patient_id, data=patients_pb2.PatientData(**data)
        )
        request.update_mask.paths.extend(data)
        await self.house.patients.UpdatePatient(request, metadata=self.staff(record))

    def _merge(self, asked: str, answer: readers_pb2.SamePerson) -> None:
        """Whom the archived record represented, the kept one represents, if that is an adult's."""
        archived = answer.archived_patient_id
        [kept] = {asked, answer.other_patient_id} - {archived}
        self.documents.pop(archived, None)
        handed_over = [of for of, each in self.documents.items() if each.by == archived]
        assert not handed_over or not self._known(kept).is_minor(self.today), "a minor reads for somebody"
        for of in handed_over:
            self.documents[of] = replace(self.documents[of], by=kept)

    def _end_document(self, record: Record) -> None:
        if self.documents.pop(record.patient_id, None) is not None:
            record.answered = False

    def _known(self, patient_id: str) -> Record:
        [record] = [each for each in self.records if each.patient_id == patient_id]
        return record


def _update(record: Record, pair: Pair, said: patients_pb2.Patient) -> None:
    """What was answered was answered for the contact data of then."""
    record.answered = record.answered and record.pair == pair
    record.pair, record.birth_date = pair, said.data.birth_date
    record.asked, record.archived = said.contact.conflict, said.contact.archived
    record.locked = said.contact.birth_date_locked
