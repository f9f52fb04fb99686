"""What letters and SMS say, in both languages."""

import itertools
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Final

import pytest
from jinja2 import UndefinedError

from services.notifier.language import Language
from services.notifier.mail.composing import Content
from services.notifier.texts import CodeKind, Texts

_TEXTS = Texts("https://post.example.org/")
_BY_EMAIL: Final[tuple[CodeKind, ...]] = ("registration_code", "reset_code", "contact_code")
_LINK = "https://post.example.org/m#Zufall"
_GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

_GERMAN_PROMPT = """\
Guten Tag,

Praxis Müller hat Ihnen eine Nachricht geschickt. Zu Ihrem Schutz steht der Inhalt nicht in dieser E-Mail.

Hier lesen Sie sie: https://post.example.org/m#Zufall

Beim ersten Mal legen Sie ein Konto an. Halten Sie Ihr Handy bereit.

Unsicher? Rufen Sie die Praxis unter der Ihnen bekannten Nummer an. Niemand fragt Sie am Telefon nach Codes.

Nicht für Sie? Link öffnen, „Nicht für mich“ wählen.

Bitte nicht auf diese E-Mail antworten. Notfall: 112.

Praxis Müller
Telefon: 030 123456"""


class _Html(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.extend(data.split())


def _prompt(language: Language, practice: str = "Praxis Müller", phone: str = "030 123456") -> Content:
    return _TEXTS.prompt(language, practice=practice, phone=phone, reference="Zufall")


def _letters() -> list[tuple[Language, Content]]:
    lasts = timedelta(minutes=60)
    made = []
    for language in Language:
        made.append((language, _prompt(language)))
        made += [(language, _TEXTS.code(kind, language, code="123456", lasts=lasts)) for kind in _BY_EMAIL]
        made.append((language, _TEXTS.contact_changed(language)))
        made.append((language, _TEXTS.password_changed(language)))
        made.append((language, _TEXTS.access_granted(language)))
        made.append(
            (language, _TEXTS.invitation(language, code="ABCD-EFGH", lasts=lasts, practice="Praxis Müller"))
        )
    return made


def test_the_german_prompt_says_what_was_agreed() -> None:
    content = _prompt(Language.GERMAN)
    assert content.subject == "Neue Nachricht von Praxis Müller"
    assert content.text == _GERMAN_PROMPT


def test_the_english_prompt_says_the_same() -> None:
    content = _prompt(Language.ENGLISH)
    assert content.subject == "New message from Praxis Müller"
    assert [paragraph.count("\n") for paragraph in content.text.split("\n\n")] == [
        paragraph.count("\n") for paragraph in _GERMAN_PROMPT.split("\n\n")
    ]
    assert f"Read it here: {_LINK}\n" in content.text
    assert "Emergency: 112." in content.text


def test_a_practice_without_a_telephone_leaves_the_line_out() -> None:
    for language in Language:
        content = _prompt(language, phone="")
        assert content.text.endswith("\n\nPraxis Müller")
        assert "Tele" not in content.text.rpartition("112")[2]
        assert "Telefon:" not in content.html
        assert "Telephone:" not in content.html


def test_text_and_html_of_a_prompt_say_the_same_words() -> None:
    for language in Language:
        content = _prompt(language)
        text = content.text.replace(f": {_LINK}", "").split()
        assert _Html(content.html).words == text


def test_every_letter_has_at_most_one_link_and_it_leads_to_the_portal() -> None:
    for _, content in _letters():
        links = [attributes["href"] for tag, attributes in _Html(content.html).tags if tag == "a"]
        assert len(links) <= 1
        assert links == re.findall(r"https?://[^\s]+", content.text)
        assert all(link is not None and link.startswith("https://post.example.org/") for link in links)


def test_no_letter_loads_anything_from_anywhere() -> None:
    for _, content in _letters():
        for tag, attributes in _Html(content.html).tags:
            assert tag not in {"img", "link", "script", "iframe", "object", "video", "form"}
            assert not {"src", "background", "srcset"} & attributes.keys()
        assert "url(" not in content.html
        assert "@import" not in content.html
        assert content.html.count("http") == content.html.count("https://post.example.org/")


def test_html_names_its_language_and_hides_its_layout_tables_from_screen_readers() -> None:
    for language, content in _letters():
        tags = _Html(content.html).tags
        assert ("html", {"lang": language.value, "dir": "ltr"}) in tags
        assert all(attributes.get("role") == "presentation" for tag, attributes in tags if tag == "table")
        assert ("meta", {"name": "color-scheme", "content": "light dark"}) in tags


def test_names_are_text_in_html_and_untouched_in_text() -> None:
    name = """<a href="https://evil.example">Müller & "Söhne"</a>"""
    for language in Language:
        content = _prompt(language, practice=name)
        assert name in content.text
        assert [tag for tag, _ in _Html(content.html).tags].count("a") == 1
        assert 'Müller & "Söhne"</a>' not in content.html


def test_a_template_without_its_value_is_an_error_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        _TEXTS._render("prompt", Language.GERMAN, "body.txt", {"practice": "P"})


def test_a_code_stands_in_the_letter_but_not_in_its_subject() -> None:
    for language, kind in itertools.product(Language, _BY_EMAIL):
        content = _TEXTS.code(kind, language, code="123456", lasts=timedelta(minutes=59.5))
        assert "123456" not in content.subject
        assert "123456" in content.text
        assert "123456" in content.html
        assert "60 " in content.text


def test_an_invitation_names_practice_code_and_how_long_it_lasts() -> None:
    content = _TEXTS.invitation(
        Language.GERMAN, code="ABCD-EFGH", lasts=timedelta(days=7) - timedelta(seconds=2), practice="Praxis M"
    )
    assert content.subject == "Einladung von Praxis M"
    assert "Ihr Code: ABCD-EFGH\n" in content.text
    assert "Er gilt noch 7 Tage." in content.text


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", [*_BY_EMAIL, "login_code"])
def test_an_sms_fits_into_one_part_and_ends_with_the_line_that_phones_fill_in(
    language: Language, kind: CodeKind
) -> None:
    text = _TEXTS.code_sms(kind, language, code="123456", lasts=timedelta(minutes=10))
    assert len(text) <= 160
    assert set(text) <= _GSM_7
    assert text.endswith("\n\n@post.example.org #123456")
    assert "10 Minuten" in text or "10 minutes" in text
    assert "am Telefon" in text or "on the phone" in text
    assert "Praxis" not in text


@pytest.mark.parametrize("language", list(Language))
def test_who_was_let_in_is_told_where_to_log_in_and_nothing_of_whom(language: Language) -> None:
    content = _TEXTS.access_granted(language)
    assert ": https://post.example.org/\n" in content.text
    assert "Praxis Müller" not in content.text
    assert not re.search("[0-9@]", content.text.replace("112", ""))
    assert _Html(content.html).words == content.text.replace(": https://post.example.org/", "").split()


@pytest.mark.parametrize("language", list(Language))
def test_the_old_number_is_told_in_one_sms_without_any_contact_data(language: Language) -> None:
    text = _TEXTS.contact_changed_sms(language)
    assert len(text) <= 160
    assert set(text) <= _GSM_7
    assert not re.search("[0-9@]", text)


@pytest.mark.parametrize(
    ("lasts", "german", "english"),
    [
        (timedelta(seconds=1), "1 Minute", "1 minute"),
        (timedelta(minutes=9, seconds=30), "10 Minuten", "10 minutes"),
        (timedelta(hours=2), "120 Minuten", "120 minutes"),
        (timedelta(hours=24), "24 Stunden", "24 hours"),
        (timedelta(days=3), "3 Tage", "3 days"),
    ],
)
def test_the_time_left_is_said_in_fitting_units(lasts: timedelta, german: str, english: str) -> None:
    assert f"noch {german}." in _TEXTS.code_sms("login_code", Language.GERMAN, code="123456", lasts=lasts)
    assert f"another {english}." in _TEXTS.code_sms(
        "login_code", Language.ENGLISH, code="123456", lasts=lasts
    )
