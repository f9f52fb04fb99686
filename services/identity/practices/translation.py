"""Practices' settings as the contracts write them: checked on the way in, complete on the way out."""

from dataclasses import replace
from urllib.parse import urlsplit

from chassis.refusal import invalid
from chassis.validation import one_line, text
from praxispost.identity.v1 import practices_pb2
from services.identity.contact import region_code
from services.identity.language import GERMAN, language_code, language_value
from services.identity.practices.domain import Practice, PracticeSettings
from services.identity.times import timestamp

_USUAL_REGION = "DE"
_NAME = 120
_PROMPT_NAME = 80
_PHONE = 40
_ABSENCE_NOTICE = 500
_URL = 300


def new_settings(given: practices_pb2.PracticeSettings) -> PracticeSettings:
    """Return the settings of a new practice, with the usual values for what is not given."""
    name = _name(given)
    if not given.prompt_name and len(name) > _PROMPT_NAME:
        raise invalid(
            "settings.prompt_name", f"is required where the name has more than {_PROMPT_NAME} characters"
        )
    return PracticeSettings(
        name=name,
        prompt_name=_prompt_name(given) if given.prompt_name else name,
        phone=_phone(given),
        language=_language(given),
        region=_region(given) if given.region else _USUAL_REGION,
        absence_notice=_absence_notice(given),
        imprint_url=_imprint_url(given),
        privacy_url=_privacy_url(given),
    )


def changed_settings(
    before: PracticeSettings, given: practices_pb2.PracticeSettings, fields: frozenset[str]
) -> PracticeSettings:
    """Return the settings with those fields as given; only they are checked."""
    readers = {
        "name": _name,
        "prompt_name": _prompt_name,
        "phone": _phone,
        "language": _language,
        "region": _region,
        "absence_notice": _absence_notice,
        "imprint_url": _imprint_url,
        "privacy_url": _privacy_url,
    }
    return replace(before, **{field: readers[field](given) for field in sorted(fields)})


def practice_message(practice: Practice) -> practices_pb2.Practice:
    """Return the practice as the contracts write it."""
    settings = practice.settings
    return practices_pb2.Practice(
        id=str(practice.id),
        settings=practices_pb2.PracticeSettings(
            name=settings.name,
            prompt_name=settings.prompt_name,
            phone=settings.phone,
            language=language_value(settings.language),
            region=settings.region,
            absence_notice=settings.absence_notice,
            imprint_url=settings.imprint_url,
            privacy_url=settings.privacy_url,
        ),
        created_at=timestamp(practice.created_at),
    )


def _name(given: practices_pb2.PracticeSettings) -> str:
    return one_line("settings.name", given.name.strip(), maximum=_NAME)


def _prompt_name(given: practices_pb2.PracticeSettings) -> str:
    return one_line("settings.prompt_name", given.prompt_name.strip(), maximum=_PROMPT_NAME)


def _phone(given: practices_pb2.PracticeSettings) -> str:
    return one_line("settings.phone", given.phone.strip(), minimum=0, maximum=_PHONE)


def _language(given: practices_pb2.PracticeSettings) -> str:
    return language_code("settings.language", given.language) or GERMAN


def _region(given: practices_pb2.PracticeSettings) -> str:
    return region_code("settings.region", given.region)


def _absence_notice(given: practices_pb2.PracticeSettings) -> str:
    return text("settings.absence_notice", given.absence_notice.strip(), minimum=0, maximum=_ABSENCE_NOTICE)


def _imprint_url(given: practices_pb2.PracticeSettings) -> str:
    return _web_address("settings.imprint_url", given.imprint_url.strip())


def _privacy_url(given: practices_pb2.PracticeSettings) -> str:
    return _web_address("settings.privacy_url", given.privacy_url.strip())


def _web_address(field: str, value: str) -> str:
    address = one_line(field, value, minimum=0, maximum=_URL)
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        known = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        known = False
    if not known or " " in address:
        raise invalid(field, "must be an https address")
    return address
