"""What mail servers do after they took a letter: offered by DSN (RFC 3461), they report (RFC 3464)."""

import asyncio
import re
from email.message import EmailMessage, Message
from typing import Final

import aiosmtplib
from aiosmtpd.smtp import SMTP

# Mail to these local parts is caught and reported of so: for trying out what follows.
_REPORTED: Final = {
    "report-": ("delivered", "2.0.0"),
    "slow-": ("delayed", "4.4.1"),
    "late-bounce-": ("failed", "5.1.1"),
}
_PARAMETER: Final = re.compile(r"\s(RET|ENVID|NOTIFY|ORCPT)=(\S+)", re.IGNORECASE)
_TRIES: Final = 50
_PAUSE_SECONDS: Final = 0.2


class DsnSmtp(SMTP):
    """aiosmtpd's server, which refuses the parameters of DSN, with them; `wanted` are those of the letter."""

    wanted: dict[str, str]

    async def smtp_MAIL(self, arg: str | None) -> None:
        self.wanted = {}
        await super().smtp_MAIL(self._without_parameters(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:
        await super().smtp_RCPT(self._without_parameters(arg))

    def _without_parameters(self, arg: str | None) -> str | None:
        if arg is None:
            return None
        self.wanted |= {name.upper(): value for name, value in _PARAMETER.findall(arg)}
        return _PARAMETER.sub("", arg)


class Reporter:
    """Sends reports to where return paths lead, as a server on the way would."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._under_way: set[asyncio.Task[None]] = set()

    def caught(self, return_path: str, recipient: str, wanted: dict[str, str]) -> None:
        """Report of a letter to one of the local parts above, if its sender wants to know."""
        for beginning, (action, status) in _REPORTED.items():
            if recipient.startswith(beginning) and action_name(action) in wanted.get("NOTIFY", ""):
                report = delivery_report(return_path, recipient, action, status)
                task = asyncio.create_task(self._send(return_path, report))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def _send(self, to: str, report: Message) -> None:
        """Try again for some seconds: the sender may not have noted yet that we took its letter."""
        for _ in range(_TRIES):
            try:
                async with aiosmtplib.SMTP(
                    hostname="127.0.0.1", port=self._port, use_tls=False, start_tls=False
                ) as server:
                    await server.mail("")
                    await server.rcpt(to)
                    await server.data(report.as_bytes())
                return
            except (aiosmtplib.SMTPException, OSError):
                await asyncio.sleep(_PAUSE_SECONDS)


def action_name(action: str) -> str:
    """What NOTIFY calls it."""
    return {"delivered": "SUCCESS", "delayed": "DELAY", "failed": "FAILURE"}[action]


def delivery_report(
    return_path: str, recipient: str, action: str, status: str, *, remote_mta: str = ""
) -> Message:
    """A report as a mail server writes it."""
    about_message, about_recipient = Message(), Message()
    about_message["Reporting-MTA"] = "dns; localhost"
    about_recipient["Original-Recipient"] = f"rfc822;{recipient}"
    about_recipient["Final-Recipient"] = f"rfc822;{recipient}"
    about_recipient["Action"] = action
    about_recipient["Status"] = status
    if remote_mta:
        about_recipient["Remote-MTA"] = f"dns; {remote_mta}"
    status_part = Message()
    status_part["Content-Type"] = "message/delivery-status"
    status_part.set_payload([about_message, about_recipient])
    text = EmailMessage()
    text.set_content(f"What became of your mail: {action}.")
    report = Message()
    report["From"] = "MAILER-DAEMON@localhost"
    report["To"] = return_path
    report["Subject"] = "Delivery Status Notification"
    report["MIME-Version"] = "1.0"
    report["Content-Type"] = 'multipart/report; report-type="delivery-status"'
    report.set_payload([text, status_part])
    return report
