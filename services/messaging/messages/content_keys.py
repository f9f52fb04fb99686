"""The keys of contents: each message and each draft has one of its own, joined with its patient's.

Destroying the patient's key destroys everything of the patient, destroying a content's own key only that.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.data_keys import DataKeys
from chassis.keys import Keys
from chassis.sealing import CiphertextMoved, Sealer


@dataclass(frozen=True, slots=True)
class KeyOf:
    """What a content is sealed under; `key_id` is missing where it is older than keys of its own."""

    patient_id: UUID
    key_id: UUID | None


class ContentKeys:
    """Gives each new content a key, and finds those of older ones."""

    def __init__(self, keys: Keys, data_keys: DataKeys) -> None:
        self._keys = keys
        self._data_keys = data_keys

    async def new(self, patient_id: UUID) -> tuple[UUID, Sealer]:
        """A key for a new content of the patient: its id, and the sealer with it."""
        ((key_id, sealer),) = await self.new_all([patient_id])
        return key_id, sealer

    async def new_all(self, patient_ids: Sequence[UUID]) -> Sequence[tuple[UUID, Sealer]]:
        """A key each for new contents of these patients, in their order."""
        sealers = await self._keys.sealers(set(patient_ids))
        taken = await self._data_keys.take_all(len(patient_ids))
        return [
            (key.id, sealers[patient_id].joined_with(key.key))
            for patient_id, key in zip(patient_ids, taken, strict=True)
        ]

    async def sealer(self, key_of: KeyOf) -> Sealer:
        """The sealer of one content; raises CiphertextMoved where its key was destroyed."""
        return (await self.sealers([key_of]))[key_of]

    async def sealers(self, keys_of: Collection[KeyOf]) -> Mapping[KeyOf, Sealer]:
        """The sealers of several contents, in one round trip for the patients' keys and one for their own."""
        patients = await self._keys.sealers({each.patient_id for each in keys_of})
        own = await self._data_keys.find({each.key_id for each in keys_of if each.key_id is not None})
        return {each: _joined(patients[each.patient_id], each.key_id, own) for each in keys_of}


def _joined(patients: Sealer, key_id: UUID | None, own: Mapping[UUID, bytes]) -> Sealer:
    if key_id is None:
        return patients
    key = own.get(key_id)
    if key is None:
        raise CiphertextMoved
    return patients.joined_with(key)
