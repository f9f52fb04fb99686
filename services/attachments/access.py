"""Which role may call which method of attachments; a method that is missing here refuses everybody."""

from collections.abc import Mapping
from typing import Final

STAFF: Final = frozenset({"admin", "physician", "assistant"})
PRACTICE: Final = STAFF | {"practice_service"}
ACCOUNT: Final = frozenset({"account"})

_SERVICE: Final = "/praxispost.attachments.v1.AttachmentService"
_USAGE: Final = "/praxispost.attachments.v1.UsageService"

ACCESS: Final[Mapping[str, frozenset[str]]] = {
    f"{_SERVICE}/UploadAttachment": PRACTICE | ACCOUNT,
    f"{_SERVICE}/DownloadAttachment": PRACTICE | ACCOUNT,
    f"{_SERVICE}/ShowAttachment": PRACTICE | ACCOUNT,
    f"{_SERVICE}/ClaimAttachments": frozenset({"messaging"}),
    f"{_SERVICE}/WithdrawAttachments": frozenset({"messaging"}),
    f"{_SERVICE}/EraseAttachments": frozenset({"messaging"}),
    f"{_USAGE}/GetUsage": PRACTICE | {"operator"},
    f"{_USAGE}/SetQuota": frozenset({"operator"}),
}
