"""Reads a delivery report (RFC 3464) out of the mail that a mail server wrote."""

import re
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from typing import Final

from services.notifier.bounces.domain import Action, Report

_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_STATUS: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?=\s|$|\()", re.ASCII)
_ACTIONS: Final = {each.value: each for each in Action}


class NoReport(Exception):
    """The mail is no delivery report about one recipient."""


def read_report(content: bytes) -> Report:
    """Read the report. Raises NoReport; whatever the bytes are, nothing else."""
    try:
        # The older policy takes headers as they stand, and so chokes on none.
        return _read(message_from_bytes(content, policy=policy.compat32))
    except (MessageError, LookupError, ValueError, TypeError, RecursionError) as error:
        raise NoReport from error


def _read(message: Message) -> Report:
    if message.get_content_type() != "multipart/report":
        raise NoReport
    statuses = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if len(statuses) != 1:
        raise NoReport
    groups = statuses[0].get_payload()
    if not isinstance(groups, list):
        raise NoReport
    # The first group is about the message, each other one about a recipient: a letter has one.
    recipients = [group for group in groups if isinstance(group, Message) and "action" in group]
    if len(recipients) != 1:
        raise NoReport
    return _report(recipients[0])


def _report(recipient: Message) -> Report:
    action = _ACTIONS.get(_value(recipient, "action").partition("(")[0].strip().lower())
    if action is None:
        raise NoReport
    status = _STATUS.match(_value(recipient, "status"))
    return Report(
        action=action,
        status=status[1] if status else "",
        remote_host=_host(_after_type(_value(recipient, "remote-mta"))),
        domain=_host(_after_type(_recipient(recipient)).rpartition("@")[2]),
    )


def _recipient(group: Message) -> str:
    """The address as it was given to the first server; the final one may be what it was forwarded to."""
    return _value(group, "original-recipient") or _value(group, "final-recipient")


def _value(group: Message, name: str) -> str:
    return str(group.get(name, "")).strip()


def _after_type(value: str) -> str:
    """The value without the type before it, as in "dns; mx.example" and "rfc822;somebody@example"."""
    return value.rpartition(";")[2].strip()


def _host(value: str) -> str:
    name = value.partition("(")[0].partition(" ")[0].strip().rstrip(".>").lower()
    return name if _HOST.fullmatch(name) else ""
