"""The languages that letters and SMS are written in."""

import enum


class Language(enum.Enum):
    """A language; its value names the folder of its templates and the HTML `lang`."""

    GERMAN = "de"
    ENGLISH = "en"
