"""For whom an account reads: the persons behind its bindings, and with which practices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from praxispost.identity.v1.accounts_pb2 import Binding, BindingKind

_ONESELF: Final = "me"
_UNKNOWN: Final = Binding()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom practices write; one patient for each practice that does.

    `key` names them in addresses; `short_name` is the given name where that is enough to tell them apart.
    """

    key: str
    name: str
    short_name: str
    is_oneself: bool
    patient_ids: frozenset[str]


class Recipients:
    """All for whom the account reads, oneself first."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._bindings = {each.patient_id: each for each in bindings}
        groups: dict[tuple[str, str], list[Binding]] = {}
        for each in bindings:
            groups.setdefault(_who(each), []).append(each)
        self._by_patient: dict[str, Recipient] = {}
        self.all = sorted(_recipients(groups), key=lambda each: (not each.is_oneself, each.name))
        for recipient in self.all:
            self._by_patient |= dict.fromkeys(recipient.patient_ids, recipient)

    @property
    def are_several(self) -> bool:
        """Whether it must be said for whom a message is."""
        return len(self.all) > 1 or any(not each.is_oneself for each in self.all)

    def chosen(self, key: str) -> Recipient | None:
        """The one with this key; None where there is none, or not any more."""
        return next((each for each in self.all if each.key == key), None)

    def of(self, patient_id: str) -> Recipient | None:
        """Whom the practice calls by this id; None where the binding has just ended or begun."""
        return self._by_patient.get(patient_id)

    def binding(self, patient_id: str) -> Binding:
        """The practice that wrote, as the account sees it; with empty fields where it is not known."""
        return self._bindings.get(patient_id, _UNKNOWN)

    def unread(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """How much each recipient has not opened, by key, from the counts by patient."""
        return {each.key: sum(counts.get(one, 0) for one in each.patient_ids) for each in self.all}


def _who(binding: Binding) -> tuple[str, str]:
    """The same for the records of one person in several practices: oneself, or somebody of that name."""
    if binding.kind != BindingKind.BINDING_KIND_REPRESENTATIVE:
        return (_ONESELF, "")
    return (binding.patient_given_name.casefold(), binding.patient_family_name.casefold())


def _recipients(groups: Mapping[tuple[str, str], Sequence[Binding]]) -> Iterable[Recipient]:
    given = [given for given, _ in groups]
    for who, bindings in groups.items():
        first = bindings[0]
        is_oneself = who[0] == _ONESELF and not who[1]
        name = f"{first.patient_given_name} {first.patient_family_name}".strip()
        yield Recipient(
            key=_ONESELF if is_oneself else min(each.patient_id for each in bindings),
            name=name,
            short_name=first.patient_given_name if given.count(who[0]) == 1 else name,
            is_oneself=is_oneself,
            patient_ids=frozenset(each.patient_id for each in bindings),
        )
