"""Keys under which a browser keeps what a person is typing: pages give them to that person alone."""

import base64
import hashlib
import hmac


class TypingKeys:
    """Makes them, the same each time, so that who logs in again finds what was typed before."""

    def __init__(self, cookie_key: str) -> None:
        self._key = hashlib.sha256(b"typing" + cookie_key.encode()).digest()

    def of(self, account_id: str) -> str:
        """The account's key, 32 bytes in base64."""
        return base64.b64encode(hmac.digest(self._key, account_id.encode(), "sha256")).decode()
