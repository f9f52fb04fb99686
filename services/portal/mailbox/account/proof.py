"""Whether the person has shown the phone just now, as identity wants it for what could cost the account."""

from datetime import UTC
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from praxispost.identity.v1.accounts_pb2 import GetAccountResponse
from services.portal.visits import Visit

# So that it does not end while somebody is typing.
_ENOUGH_SECONDS: Final = 60


def is_fresh(visit: Visit, account: GetAccountResponse) -> bool:
    """Whether the last code by SMS is good for what is about to be typed."""
    if not account.HasField("sms_proof_ends_at"):
        return False
    ends_at = account.sms_proof_ends_at.ToDatetime(UTC)
    return (ends_at - visit.now).total_seconds() > _ENOUGH_SECONDS


def ask_again(visit: Visit, path: str) -> Response:
    """The page that leads through a login back to `path`."""
    return visit.page("mailbox/account/proof.html", status=409, again=f"/login?fresh=1&next={quote(path)}")
