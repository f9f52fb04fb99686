"""What becomes of what is written: kept while one writes, sent once, refused without losing a word."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal
from services.portal.documents.attached import attached
from services.portal.people import Person, SessionEnded
from services.portal.practice.writing.keeping import Changed, Deleted, Keeping, Kept, NotSent, Outcome, Sent
from services.portal.practice.writing.letter import FIELDS, Letter, version_of
from services.portal.practice.writing.sheets import Sheet, Sheets, saved_at
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_CHECK: Final = mark("Noch nicht gesendet: Bitte ergänzen Sie, was unten markiert ist.")
_CHECK_DRAFT: Final = mark("Noch nicht gespeichert: Bitte prüfen Sie, was unten markiert ist.")
_CHARACTERS: Final = mark("Hier stehen Zeichen, die nicht gesendet werden können. Bitte tippen Sie es neu.")
_DELETED: Final = mark("Jemand hat diesen Entwurf gelöscht. Ihr Text steht noch hier.")
_SENT_OTHERWISE: Final = mark(
    "Diese Nachricht wurde schon gesendet. Was hier steht, ist anders und noch nicht gesendet."
)
_CHANGED: Final = mark("Es wurde nichts überschrieben und nichts gesendet.")
_REFUSED: Final[Mapping[str, str]] = {
    "CONTACT_MISSING": mark("Noch nicht gesendet, nur als Entwurf gespeichert: Es fehlen Kontaktdaten."),
    "CONTACT_CONFLICT": mark(
        "Noch nicht gesendet, nur als Entwurf gespeichert: Zuerst ist festzulegen, wer liest."
    ),
    "PATIENT_OBJECTED": mark("Nicht gesendet: Die Person möchte keine elektronischen Nachrichten."),
    "PATIENT_DECEASED": mark("Nicht gesendet: Die Person ist als verstorben vermerkt."),
    "PATIENT_ARCHIVED": mark(
        "Nicht gesendet: Bitte schreiben Sie in der Karteikarte, die diese ersetzt hat."
    ),
    "REQUEST_ID_REUSED": mark("Noch nicht gesendet. Bitte senden Sie noch einmal."),
}
_DOCUMENT_GONE: Final = mark(
    "Ein Dokument war nicht mehr da und wurde entfernt. Bitte fügen Sie es noch einmal hinzu."
)


class Writing:
    """Takes sheets. What a page's script sends has `script` in it and gets an answer for the script."""

    def __init__(self, tools: Tools, sheets: Sheets) -> None:
        self._sheets = sheets
        self._keeping = Keeping(tools.services, tools.new_id)
        self._new_id = tools.new_id

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff("/practice/drafts/write", self.write, methods=["POST"]),
            routing.staff("/practice/drafts/keep", self.keep, methods=["POST"]),
        ]

    async def write(self, visit: Visit, person: Person) -> Response:
        """One of the sheet's buttons: keep it, send it, or settle what a colleague changed meanwhile."""
        letter = Letter.of_form(visit.form)
        if visit.form.has("script"):
            _check_person(visit, person)
        act = visit.form.line("act")
        wrong = letter.wrong(visit.words, visit.now)
        is_sending = act == "send"
        unfinished = letter.unfinished(visit.words) if is_sending else {}
        if wrong or unfinished:
            text = visit.words.say(_CHECK if is_sending else _CHECK_DRAFT)
            return await self._shown(visit, person, Sheet(letter, problem=text, errors=wrong | unfinished))
        try:
            return await self._done(visit, person, letter, await self._act(visit, person, letter, act))
        except Refusal as refusal:
            return await self._refused(visit, person, letter, refusal)
        except AioRpcError:
            return self._unreachable(visit, replace(letter, unsure=True))

    async def keep(self, visit: Visit, person: Person) -> Response:
        """What the script does a moment after typing stops."""
        _check_person(visit, person)
        letter = Letter.of_form(visit.form)
        wrong = letter.wrong(visit.words, visit.now)
        if wrong:
            return JSONResponse({"errors": wrong}, status_code=422)
        try:
            outcome = await self._keeping.keep(person, letter, visit.words)
        except Refusal as refusal:
            return _not_kept(visit, refusal)
        match outcome:
            case Kept() as kept:
                state = saved_at(visit, kept.saved_at)
                return JSONResponse({"draft": kept.draft_id, "version": kept.version, "state": state})
            case Changed(newest=newest):
                return await self._sheets.changed(visit, person, newest)
            case Sent(entirely=True):
                return await self._done(visit, person, letter, outcome)
        text = visit.words.say(_DELETED if isinstance(outcome, Deleted) else _SENT_OTHERWISE)
        return JSONResponse({"anew": str(self._new_id()), "problem": text})

    async def _act(self, visit: Visit, person: Person, letter: Letter, act: str) -> Outcome:
        match act:
            case "send":
                return await self._keeping.send(person, letter, visit.words)
            case "apart":
                return await self._keeping.apart(person, letter, visit.words)
            case "over":
                newest = replace(letter, version=version_of(visit.form, "newest"))
                return await self._keeping.keep(person, newest, visit.words)
            case _:
                return await self._keeping.keep(person, letter, visit.words)

    async def _done(self, visit: Visit, person: Person, letter: Letter, outcome: Outcome) -> Response:
        words = visit.words
        match outcome:
            case Kept(draft_id=draft_id):
                return _on(visit, f"/practice/drafts/{draft_id}")
            case Sent(entirely=True) as sent:
                said = "held" if sent.held else "sent"
                return _on(visit, f"/practice/conversations/{sent.conversation_id}?said={said}")
            case Changed(newest=newest):
                sheet = Sheet(letter, problem=words.say(_CHANGED), changed=newest)
                return await self._shown(visit, person, sheet)
            case NotSent(kept=kept, refusal=refusal):
                at_last = replace(letter, draft_id=kept.draft_id, version=kept.version, unsure=False)
                return await self._refused(visit, person, at_last, refusal)
        text = words.say(_DELETED if isinstance(outcome, Deleted) else _SENT_OTHERWISE)
        apart = replace(letter, attachments=()).anew(str(self._new_id()))
        return await self._shown(visit, person, Sheet(apart, problem=text))

    async def _refused(self, visit: Visit, person: Person, letter: Letter, refusal: Refusal) -> Response:
        """Say it where it belongs; what could be kept is kept."""
        words = visit.words
        if refusal.reason == "INVALID_FIELD":
            errors = {name: words.say(_CHARACTERS) for name in _fields(refusal)}
            return await self._shown(visit, person, Sheet(letter, problem=words.say(_CHECK), errors=errors))
        if refusal.reason == "ATTACHMENT_NOT_FOUND":
            gone = refusal.metadata.get("attachment_id", "")
            kept = replace(letter, attachments=tuple(each for each in letter.attachments if each != gone))
            errors = {"attachments": words.say(_DOCUMENT_GONE)}
            return await self._shown(visit, person, Sheet(kept, problem=words.say(_CHECK), errors=errors))
        text = _REFUSED.get(refusal.reason)
        if text is None:
            raise refusal
        return await self._shown(visit, person, Sheet(letter, problem=words.say(text)))

    def _unreachable(self, visit: Visit, letter: Letter) -> Response:
        """The words once more, on a page that asks nobody; a script has them on its own page still."""
        if visit.form.has("script"):
            return Response(status_code=503)
        return visit.page("practice/writing/unreachable.html", status=503, letter=letter)

    async def _shown(self, visit: Visit, person: Person, sheet: Sheet) -> Response:
        known = [each for each in attached(visit.form) if each.id in sheet.letter.attachments]
        sheet = replace(sheet, attachments=known)
        return await self._sheets.again(visit, person, sheet, part=visit.form.has("script"))


def _not_kept(visit: Visit, refusal: Refusal) -> Response:
    """Tell the script why nothing was kept."""
    if refusal.reason == "INVALID_FIELD":
        errors = {name: visit.words.say(_CHARACTERS) for name in _fields(refusal)}
        return JSONResponse({"errors": errors}, status_code=422)
    if refusal.reason == "ATTACHMENT_NOT_FOUND":
        errors = {"attachments": visit.words.say(_DOCUMENT_GONE)}
        gone = refusal.metadata.get("attachment_id", "")
        return JSONResponse({"errors": errors, "gone": gone}, status_code=422)
    raise refusal


def _fields(refusal: Refusal) -> set[str]:
    """The sheet's names of the fields that were refused."""
    names = [each.field.rpartition(".")[2].partition("[")[0] for each in refusal.fields]
    return {FIELDS[name] for name in names if name in FIELDS}


def _on(visit: Visit, path: str) -> Response:
    return JSONResponse({"go": path}) if visit.form.has("script") else go_to(path)


def _check_person(visit: Visit, person: Person) -> None:
    """A script sends only what the person typed whose page it is; somebody else may have logged in in another
    window since."""
    if visit.form.line("person") != person.id:
        raise SessionEnded
