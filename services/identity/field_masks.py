"""Which fields of a message an update takes."""

from google.protobuf.descriptor import Descriptor
from google.protobuf.field_mask_pb2 import FieldMask

from chassis.refusal import invalid

_FIELD = "update_mask"


def masked_fields(mask: FieldMask, message: Descriptor) -> frozenset[str]:
    """Return the names of fields that the mask holds; refuses an empty mask and unknown names."""
    if not mask.paths:
        raise invalid(_FIELD, "must name at least one field")
    if unknown := set(mask.paths) - set(message.fields_by_name):
        known = ", ".join(message.fields_by_name)
        raise invalid(_FIELD, f"{len(unknown)} of its names are none of: {known}")
    return frozenset(mask.paths)
