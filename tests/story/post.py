"""The post of the people in the story: their e-mails and SMS, taken from the catcher as they arrive."""

from __future__ import annotations

import re

from deploy.local.catcher.client import CatcherClient, CaughtMail

SIX_DIGITS = re.compile(r"\b(\d{6})\b")
INVITATION_CODE = re.compile(r"\b([A-Z2-7]{5}-[A-Z2-7]{5})\b")


class Post:
    """Hands out each e-mail and SMS once, in the order of arrival, and waits for the next one."""

    def __init__(self, catcher: CatcherClient) -> None:
        self._catcher = catcher
        self._taken: dict[str, int] = {}

    def next_mail(self, to: str) -> CaughtMail:
        """The next e-mail to an address."""
        mail = self._catcher.wait_for_mail(to, after=self._taken.get(to, 0))
        self._taken[to] = mail.number
        return mail

    def all_mails(self, to: str) -> list[CaughtMail]:
        """All e-mails to an address that have arrived, taken or not."""
        return self._catcher.mails(to)

    def mail_about(self, to: str, subject: str) -> CaughtMail:
        """The next e-mail to an address with this subject."""
        while (mail := self.next_mail(to)).subject != subject:
            pass
        return mail

    def prompt(self, to: str) -> CaughtMail:
        """The next e-mail to an address, which is a prompt: it has a link and no code."""
        mail = self.next_mail(to)
        assert "/m#" in mail.text, mail.text
        assert SIX_DIGITS.search(mail.subject) is None, mail.subject
        return mail

    def mailed_code(self, to: str) -> str:
        """The six digits of the next e-mail to an address that has some; prompts have none."""
        while SIX_DIGITS.search(text := self.next_mail(to).text) is None:
            pass
        return _only(SIX_DIGITS, text)

    def invitation_code(self, to: str) -> str:
        """The code of the next e-mail to an address, an invitation."""
        return _only(INVITATION_CODE, self.next_mail(to).text)

    def texted_code(self, to: str) -> str:
        """The six digits of the next SMS to a number in E.164."""
        sms = self._catcher.wait_for_sms(to, after=self._taken.get(to, 0))
        self._taken[to] = sms.number
        return _only(SIX_DIGITS, sms.text)


def _only(pattern: re.Pattern[str], text: str) -> str:
    found = set(pattern.findall(text))
    assert len(found) == 1, f"not one code: {text}"
    return str(found.pop())
