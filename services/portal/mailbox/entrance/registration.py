"""Registration: a person proves an e-mail address and a mobile number and so gets to the own messages.

The steps and their answers are the same whether a record or an account exists (TRUST, enumeration). What
was begun lives at identity; the browser keeps its secret, so an app switched or a tab closed loses nothing.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.practices_pb2 import Language
from praxispost.identity.v1.registration_pb2 import (
    CompleteRegistrationRequest,
    GetRegistrationRequest,
    GetRegistrationResponse,
    RegistrationStep,
    ResendCodeRequest,
    StartRegistrationRequest,
    VerifyEmailRequest,
    VerifyMobileRequest,
)
from services.portal import cookies
from services.portal.mailbox.entrance.beginnings import HOME, Beginnings
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.trouble import FIELDS, Trouble, at, refused
from services.portal.mailbox.typed import NO_DATE, birth_date_as_typed, code_as_typed
from services.portal.notices import Notice
from services.portal.people import answered
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/register"
# As long as identity keeps what was proven; it says itself when it has ended before.
_KEPT_SECONDS: Final = 14 * 24 * 3600
# After this time a code that does not come is worth another try.
_PATIENCE_SECONDS: Final = 60
_LANGUAGES: Final[Mapping[str, Language.ValueType]] = {
    "de": Language.LANGUAGE_GERMAN,
    "en": Language.LANGUAGE_ENGLISH,
}
_TEMPLATES: Final[Mapping[RegistrationStep.ValueType, str]] = {
    RegistrationStep.REGISTRATION_STEP_EMAIL_CODE: "mailbox/entrance/register_email.html",
    RegistrationStep.REGISTRATION_STEP_SMS_CODE: "mailbox/entrance/register_mobile.html",
    RegistrationStep.REGISTRATION_STEP_BIRTH_DATE: "mailbox/entrance/register_birth_date.html",
}
_DETAILS: Final[Mapping[str, str]] = {
    "TOO_MANY_CODES": mark("An diese Adresse gingen schon mehrere Codes. Ein neuer geht %(wait)s."),
}
_CODE: Final[Mapping[str, str]] = {
    "CODE_REFUSED": mark(
        "Dieser Code stimmt nicht oder gilt nicht mehr. Nach fünf Versuchen brauchen Sie einen neuen."
    ),
    "TOO_MANY_CODES": mark("Es gingen schon mehrere Codes an Sie. Ein neuer geht %(wait)s."),
}
_ENDED: Final = mark(
    "Diese Registrierung ist zu Ende. Wenn Sie schon fertig waren, melden Sie sich an; sonst beginnen Sie "
    "neu."
)


class Registration:
    """The pages of its four steps, all at one address: which is due, identity knows."""

    def __init__(self, tools: Tools, gate: Gate, beginnings: Beginnings) -> None:
        self._registration = tools.services.registration
        self._gate = gate
        self._beginnings = beginnings

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.everybody(_PATH, self.show),
            routing.everybody(_PATH, self.start, methods=["POST"]),
            routing.everybody(f"{_PATH}/email", self.prove_email, methods=["POST"]),
            routing.everybody(f"{_PATH}/mobile", self.prove_mobile, methods=["POST"]),
            routing.everybody(f"{_PATH}/birth-date", self.complete, methods=["POST"]),
            routing.everybody(f"{_PATH}/resend", self.resend, methods=["POST"]),
            routing.everybody(f"{_PATH}/again", self.start_again, methods=["POST"]),
            routing.everybody(f"{_PATH}/{{step}}", self.go_on),
        ]

    async def show(self, visit: Visit) -> Response:
        """The step that is due; the first where nothing was begun."""
        if not _secret(visit):
            return _details(visit)
        state = await self._state(visit)
        if state is None:
            return _ended(visit)
        return _step(visit, state, seconds=_PATIENCE_SECONDS if visit.query("sent") else 0)

    async def go_on(self, visit: Visit) -> Response:
        """A step's own address, as after a change of language."""
        return go_to(_PATH)

    async def start(self, visit: Visit) -> Response:
        """Take e-mail, number and password, and send the first code."""
        trouble = self._gate.asks(visit)
        if trouble is not None:
            return _details(visit, trouble)
        request = StartRegistrationRequest(
            email=visit.form.line("email"),
            mobile=visit.form.line("mobile"),
            password=visit.form.text("password"),
            language=_LANGUAGES[visit.words.language],
        )
        try:
            started = await answered(self._registration.StartRegistration(request))
        except Refusal as refusal:
            return _details(visit, refused(visit.words, refusal, _DETAILS))
        response = go_to(f"{_PATH}?sent=1")
        cookies.keep(response, cookies.REGISTRATION, started.registration, seconds=_KEPT_SECONDS)
        return response

    async def prove_email(self, visit: Visit) -> Response:
        """Compare the code from the e-mail; the SMS is sent."""
        code = code_as_typed(visit.form.line("code"))
        trouble = _checked(visit, code) or self._gate.tries(visit)
        if trouble is not None:
            return await self._again(visit, trouble)
        request = VerifyEmailRequest(registration=_secret(visit), code=code)
        try:
            await answered(self._registration.VerifyEmail(request))
        except Refusal as refusal:
            return await self._refused(visit, refusal, RegistrationStep.REGISTRATION_STEP_EMAIL_CODE)
        return go_to(f"{_PATH}?sent=1")

    async def prove_mobile(self, visit: Visit) -> Response:
        """Compare the code from the SMS."""
        code = code_as_typed(visit.form.line("code"))
        trouble = _checked(visit, code) or self._gate.tries(visit)
        if trouble is not None:
            return await self._again(visit, trouble)
        request = VerifyMobileRequest(registration=_secret(visit), code=code)
        try:
            await answered(self._registration.VerifyMobile(request))
        except Refusal as refusal:
            return await self._refused(visit, refusal, RegistrationStep.REGISTRATION_STEP_SMS_CODE)
        return go_to(_PATH)

    async def complete(self, visit: Visit) -> Response:
        """Compare the birth date, and go to the mailbox, logged in."""
        form = visit.form
        born = birth_date_as_typed(
            form.line("day"), form.line("month"), form.line("year"), visit.now.astimezone(UTC).date()
        )
        trouble = at(visit.words, "birth_date", NO_DATE) if born is None else self._gate.tries(visit)
        if born is None or trouble is not None:
            return await self._again(visit, trouble)
        request = CompleteRegistrationRequest(registration=_secret(visit), birth_date=born.isoformat())
        try:
            completed = await answered(self._registration.CompleteRegistration(request))
        except Refusal as refusal:
            if refusal.reason == "NOT_MATCHED":
                return visit.page("mailbox/entrance/register_not_matched.html", status=409)
            return await self._refused(visit, refusal, RegistrationStep.REGISTRATION_STEP_BIRTH_DATE)
        response = go_to(HOME)
        cookies.drop(response, cookies.REGISTRATION)
        return await self._beginnings.begin(visit, response, completed.session)

    async def resend(self, visit: Visit) -> Response:
        """Send the code that is due once more."""
        trouble = self._gate.asks(visit)
        if trouble is not None:
            return await self._again(visit, trouble)
        try:
            await answered(self._registration.ResendCode(ResendCodeRequest(registration=_secret(visit))))
        except Refusal as refusal:
            return await self._refused(visit, refusal, None)
        return go_to(f"{_PATH}?sent=1")

    async def start_again(self, visit: Visit) -> Response:
        """Forget what was begun here, as after a typing error in the address."""
        response = go_to(_PATH)
        cookies.drop(response, cookies.REGISTRATION)
        return response

    async def _refused(
        self, visit: Visit, refusal: Refusal, tried: RegistrationStep.ValueType | None
    ) -> Response:
        """The step that is due, with what was refused; a code that was used already led on, so it is not
        spoken of."""
        if refusal.reason == "REGISTRATION_NOT_FOUND":
            return _ended(visit)
        if refusal.reason == "STEP_NOT_DUE":
            return go_to(_PATH)
        state = await self._state(visit)
        if state is None:
            return _ended(visit)
        if refusal.reason == "CODE_REFUSED" and state.step != tried:
            return go_to(_PATH)
        return _step(visit, state, refused(visit.words, refusal, _CODE))

    async def _again(self, visit: Visit, trouble: Trouble | None) -> Response:
        state = await self._state(visit)
        return _ended(visit) if state is None else _step(visit, state, trouble)

    async def _state(self, visit: Visit) -> GetRegistrationResponse | None:
        """How far the registration of this browser is; None where there is none any more."""
        try:
            request = GetRegistrationRequest(registration=_secret(visit))
            return await answered(self._registration.GetRegistration(request))
        except Refusal as refusal:
            if refusal.reason in ("REGISTRATION_NOT_FOUND", "INVALID_FIELD"):
                return None
            raise


def _secret(visit: Visit) -> str:
    return cookies.read(visit.request, cookies.REGISTRATION)


def _checked(visit: Visit, code: str) -> Trouble | None:
    """A code that is none is not worth one of the tries."""
    return None if code else at(visit.words, "code", FIELDS["code"])


def _details(visit: Visit, trouble: Trouble | None = None, notice: Notice | None = None) -> Response:
    return visit.page(
        "mailbox/entrance/register_details.html",
        status=200 if trouble is None else trouble.status,
        notice=notice,
        trouble=trouble,
        typed=visit.form,
    )


def _step(
    visit: Visit, state: GetRegistrationResponse, trouble: Trouble | None = None, seconds: int = 0
) -> Response:
    """`seconds`: how long to wait before the next code is worth asking for."""
    return visit.page(
        _TEMPLATES[state.step],
        status=200 if trouble is None else trouble.status,
        trouble=trouble,
        typed=visit.form,
        seconds=seconds if trouble is None else trouble.seconds,
        code_to=state.code_to,
    )


def _ended(visit: Visit) -> Response:
    """Where to go when a registration is over: it was completed, by whomever, or it has expired."""
    response = _details(visit, notice=Notice("warn", visit.words.say(_ENDED)))
    cookies.drop(response, cookies.REGISTRATION)
    return response
