"""For whom an account reads: told apart by name, however many practices write to each of them."""

from praxispost.identity.v1.accounts_pb2 import Binding, BindingKind
from services.portal.mailbox.recipients import Recipients

_SELF, _OTHER = BindingKind.BINDING_KIND_SELF, BindingKind.BINDING_KIND_REPRESENTATIVE


def _binding(patient_id: str, name: str, kind: BindingKind.ValueType = _OTHER) -> Binding:
    given, _, family = name.partition(" ")
    return Binding(patient_id=patient_id, patient_given_name=given, patient_family_name=family, kind=kind)


def test_one_person_of_several_practices_is_one_recipient() -> None:
    bindings = [_binding("a", "Lena Lindner", _SELF), _binding("b", "Magdalena Lindner", _SELF)]
    known = Recipients(bindings)
    assert [each.patient_ids for each in known.all] == [frozenset({"a", "b"})]
    assert not known.are_several


def test_a_child_of_several_practices_is_one_recipient_behind_oneself() -> None:
    known = Recipients(
        [_binding("c", "Mia Lindner"), _binding("a", "Lena Lindner", _SELF), _binding("d", "MIA Lindner")]
    )
    assert [each.is_oneself for each in known.all] == [True, False]
    assert known.all[1].patient_ids == frozenset({"c", "d"})
    assert known.are_several
    assert known.unread({"a": 1, "c": 2, "d": 3}) == {"me": 1, "c": 5}


def test_who_reads_for_one_other_only_is_told_so() -> None:
    assert Recipients([_binding("c", "Mia Lindner")]).are_several


def test_the_family_name_is_said_where_the_given_name_does_not_tell_who_it_is() -> None:
    known = Recipients([_binding("a", "Mia Lindner"), _binding("b", "Mia Berg"), _binding("c", "Tom Berg")])
    assert {each.short_name for each in known.all} == {"Mia Lindner", "Mia Berg", "Tom"}


def test_a_choice_that_is_not_there_any_more_is_none() -> None:
    assert Recipients([_binding("a", "Lena Lindner", _SELF)]).chosen("b") is None
    assert Recipients([]).of("a") is None
    assert Recipients([]).binding("a").practice_name == ""
