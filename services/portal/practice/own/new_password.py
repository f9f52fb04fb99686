"""A password that somebody chooses and types twice."""

from typing import Final

from services.portal.visits import Form
from services.portal.words import Words, mark

FEWEST_CHARACTERS: Final = 15
_TOO_SHORT: Final = mark("Das sind erst %(count)s Zeichen; es müssen mindestens 15 sein.")
_DIFFERENT: Final = mark("Hier steht etwas anderes als darüber.")
GUESSABLE: Final = mark(
    "Dieses Passwort ist zu leicht zu erraten, oder Sie benutzen es schon. Bitte wählen Sie ein anderes."
)
UNUSABLE: Final = mark("Ein Passwort hat höchstens 256 Zeichen.")


def wrong_with(form: Form, words: Words) -> dict[str, str]:
    """What can be said before identity is asked, by field."""
    chosen = form.text("new_password")
    if len(chosen) < FEWEST_CHARACTERS:
        return {"new_password": words.say(_TOO_SHORT, count=len(chosen))}
    if form.text("new_password_again") != chosen:
        return {"new_password_again": words.say(_DIFFERENT)}
    return {}
