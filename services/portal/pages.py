"""Renders templates in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from services.portal.words import LANGUAGES, Language, Words

if TYPE_CHECKING:
    from services.portal.assets import Assets
    from services.portal.visits import Visit

_TEMPLATES: Final = Path(__file__).with_name("templates")


class Pages:
    """The templates. What all of them know: `visit`, `words`, `asset`, the platform's `links` (imprint,
    privacy), and how large an attachment may be."""

    def __init__(
        self,
        assets: Assets,
        words: Mapping[Language, Words],
        links: Mapping[str, str],
        max_attachment_bytes: int,
    ) -> None:
        self._environments = {language: _environment(words[language]) for language in LANGUAGES}
        for each in self._environments.values():
            each.globals |= {
                "asset": assets.url,
                "links": links,
                "max_attachment_bytes": max_attachment_bytes,
            }

    def show(self, visit: Visit, template: str, status: int, context: Mapping[str, object]) -> Response:
        """The page for this visit. Raises TemplateNotFound, UndefinedError for faults of ours."""
        environment = self._environments[visit.words.language]
        text = environment.get_template(template).render(
            {**visit.shared, **context}, visit=visit, words=visit.words
        )
        return HTMLResponse(text, status_code=status)


class _Environment(Environment):
    newstyle_gettext: bool


def _environment(words: Words) -> Environment:
    environment = _Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True

    def gettext(text: str, **values: object) -> Markup:
        return Markup(words.gettext(text)) % values

    def ngettext(singular: str, plural: str, count: int, **values: object) -> Markup:
        return Markup(words.ngettext(singular, plural, count)) % ({"num": count} | values)

    environment.globals |= {"_": gettext, "gettext": gettext, "ngettext": ngettext}
    return environment
