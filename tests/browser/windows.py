"""Windows of the browser: a practice's desktop and a patient's phone."""

from pathlib import Path
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from deploy.local.processes import ROOT

PICTURES: Final = ROOT / "build" / "browser"
DESKTOP: Final = ViewportSize(width=1280, height=800)
PHONE: Final = ViewportSize(width=390, height=844)
# For what a busy machine may take, after which it will not happen any more; nothing is judged by it.
PATIENCE_MILLISECONDS: Final = 30_000
_RULES: Final = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
# What fades in has no contrast yet.
_APPEARED: Final = """() => Promise.allSettled(
    document.getAnimations()
        .filter(each => each.effect.getKeyframes().some(frame => "opacity" in frame))
        .map(each => each.finished)
).then(() => null)"""
# A refused form is answered with 4xx, which Chromium reports as if it were a fault.
_EXPECTED: Final = ("Failed to load resource: the server responded with a status of 4",)


class Windows:
    """Opens windows, each with cookies of its own, and keeps what their pages complain about."""

    def __init__(self, browser: Browser, portal_url: str, test: str) -> None:
        self._browser = browser
        self._portal_url = portal_url
        self._test = test
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def desktop(self, *, session: str = "", language: str = "de-DE", dark: bool = False) -> Page:
        """A practice's window, logged in where a session is given."""
        return self._open(DESKTOP, "__Host-staff", session, language, dark=dark, touch=False)

    def phone(
        self, *, session: str = "", language: str = "de-DE", dark: bool = False, scripts: bool = True
    ) -> Page:
        """A patient's phone, logged in where a session is given."""
        return self._open(PHONE, "__Host-account", session, language, dark=dark, touch=True, scripts=scripts)

    def give_cookie(self, page: Page, name: str, value: str) -> None:
        """Puts one of the portal's cookies into a window."""
        # Its prefix wants https; a browser itself takes such a cookie from this machine without it.
        url = self._portal_url.replace("http://", "https://", 1)
        kept = {"name": name, "value": value, "url": url, "path": "/", "secure": True, "httpOnly": True}
        page.context.new_cdp_session(page).send("Network.setCookie", kept)

    def picture(self, page: Page, name: str) -> Path:
        """Keeps what the whole page looks like."""
        file = PICTURES / f"{self._test}-{name}.png"
        page.screenshot(path=file, full_page=True)
        return file

    def close(self) -> None:
        """Closes all."""
        for context in self._contexts:
            context.close()

    def _open(
        self,
        size: ViewportSize,
        cookie: str,
        session: str,
        language: str,
        *,
        dark: bool,
        touch: bool,
        scripts: bool = True,
    ) -> Page:
        context = self._browser.new_context(
            base_url=self._portal_url,
            viewport=size,
            locale=language,
            timezone_id="Europe/Berlin",
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self._contexts.append(context)
        page = context.new_page()
        if session:
            self.give_cookie(page, cookie, session)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED):
            self.complaints.append(message.text)


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA on the page as it is now; one line each, empty is good."""
    page.evaluate(_APPEARED)
    found = Axe().run(page, options=_RULES).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['target']} {node['html'][:200]}"
        for each in found
        for node in each["nodes"]
    ]
