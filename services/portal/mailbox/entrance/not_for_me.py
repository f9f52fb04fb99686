"""Somebody got a prompt that is not meant for them: prompts to this address stop, and the practice learns of
it."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.notifier.v1.prompts_pb2 import ReportNotForMeRequest
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.trouble import Trouble, at, refused, too_often
from services.portal.mailbox.typed import reference_as_typed
from services.portal.people import answered
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/not-for-me"
_DONE: Final = "/not-for-me/done"
_NO_LINK: Final = mark(
    "Das ist nicht der ganze Link aus der E-Mail. Er endet mit # und einer längeren Zeichenfolge."
)
_SOON_SECONDS: Final = 60


class NotForMe:
    """The page, whose script takes the reference from the link's fragment; without it the link is pasted."""

    def __init__(self, tools: Tools, gate: Gate) -> None:
        self._prompts = tools.services.prompts
        self._gate = gate

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.everybody(_PATH, self.form),
            routing.everybody(_PATH, self.report, methods=["POST"]),
            routing.everybody(_DONE, self.done),
        ]

    async def form(self, visit: Visit) -> Response:
        """Says what will happen."""
        return _page(visit)

    async def report(self, visit: Visit) -> Response:
        """Report it; the answer is the same for every reference."""
        reference = reference_as_typed(visit.form.line("reference") or visit.form.line("link"))
        trouble = self._gate.reports(visit) if reference else at(visit.words, "link", _NO_LINK)
        if trouble is not None:
            return _page(visit, trouble)
        try:
            await answered(self._prompts.ReportNotForMe(ReportNotForMeRequest(reference=reference)))
        except Refusal as refusal:
            if refusal.reason == "TOO_MANY_REPORTS":
                return _page(visit, too_often(visit.words, _SOON_SECONDS))
            return _page(visit, refused(visit.words, refusal, {}))
        return go_to(_DONE)

    async def done(self, visit: Visit) -> Response:
        """What has happened."""
        return visit.page("mailbox/entrance/not_for_me_done.html")


def _page(visit: Visit, trouble: Trouble | None = None) -> Response:
    return visit.page(
        "mailbox/entrance/not_for_me.html",
        status=200 if trouble is None else trouble.status,
        trouble=trouble,
        typed=visit.form,
    )
