"""The version of everything in this repository, as metrics and packages state it."""

VERSION = "0.1.0"
