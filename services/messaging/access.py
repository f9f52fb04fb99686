"""Which role may call which method of messaging; a method that is missing here refuses everybody."""

from collections.abc import Mapping
from typing import Final

ADMIN: Final = frozenset({"admin"})
STAFF: Final = frozenset({"admin", "physician", "assistant"})
PRACTICE_SERVICE: Final = frozenset({"practice_service"})
PRACTICE: Final = STAFF | PRACTICE_SERVICE
ACCOUNT: Final = frozenset({"account"})
ATTACHMENTS: Final = frozenset({"attachments"})
ANYBODY: Final = frozenset({"anonymous"})

_METHODS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "praxispost.messaging.v1.MessagingService": {
        "SendMessage": PRACTICE,
        "SendMessages": PRACTICE_SERVICE,
        "SendReply": ACCOUNT,
        "OpenMessage": STAFF | ACCOUNT,
        "OpenMessages": STAFF | ACCOUNT,
        "GetMessage": PRACTICE_SERVICE,
        "ListConversations": PRACTICE,
        "ListMessages": PRACTICE,
        "ListMailbox": ACCOUNT,
        "GetReceipt": PRACTICE,
        "ListChanges": PRACTICE,
        "Watch": PRACTICE | ACCOUNT,
        "LookupAttachments": ATTACHMENTS,
    },
    "praxispost.messaging.v1.WithdrawalService": {
        "WithdrawMessage": STAFF,
        "CloseForReplies": STAFF,
        "EraseContent": ADMIN,
    },
    "praxispost.messaging.v1.DraftService": {
        "CreateDraft": STAFF,
        "SaveDraft": STAFF,
        "GetDraft": STAFF,
        "ListDrafts": STAFF,
        "DeleteDraft": STAFF,
        "SendDraft": STAFF,
    },
    "praxispost.messaging.v1.GuardService": {
        "ListHeld": PRACTICE,
        "ConfirmHeld": STAFF,
        "RejectHeld": STAFF,
        "PromptAgain": STAFF,
        "GetLegalBasis": PRACTICE,
        "UpdateLegalBasis": ADMIN,
    },
    "praxispost.messaging.v1.WorkService": {
        "GetConversation": PRACTICE,
        "MarkDone": STAFF,
        "Reopen": STAFF,
        "Assign": STAFF,
        "AnnounceAnswering": STAFF,
        "ListWork": PRACTICE,
        "ListTasks": PRACTICE,
        "GetTaskCounts": PRACTICE,
        "ListDue": PRACTICE,
        "HandOver": ADMIN,
    },
    "praxispost.chassis.v1.PublicKeysService": {"ListPublicKeys": ANYBODY},
}

ACCESS: Final[Mapping[str, frozenset[str]]] = {
    f"/{service}/{method}": roles
    for service, methods in _METHODS.items()
    for method, roles in methods.items()
}

# They last as long as the token that they began with.
STREAMS: Final = frozenset(
    f"/praxispost.messaging.v1.MessagingService/{method}" for method in ("Watch", "SendMessages")
)
