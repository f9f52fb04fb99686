"""Every log event in the code is a constant text with fields that the log shows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.logs import FIELDS

ROOT = Path(__file__).parents[3]
LEVELS = frozenset({"debug", "info", "warning", "error"})
FILES = sorted(path for folder in ("chassis", "services") for path in (ROOT / folder).rglob("*.py"))


def log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and isinstance(node.func.value, ast.Name | ast.Attribute)
            and ast.unparse(node.func.value).rpartition(".")[2].lower().strip("_") in {"log", "logger"}
        ):
            yield node


def is_shown(keyword: ast.keyword) -> bool:
    return keyword.arg is not None and (keyword.arg in FIELDS | {"error"} or keyword.arg.endswith("_id"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_events_are_constant_and_their_fields_known(path: Path) -> None:
    calls = list(log_calls(ast.parse(path.read_text(encoding="utf-8"))))
    assert [call.lineno for call in calls if not isinstance(call.args[0], ast.Constant)] == []
    unknown = [keyword.arg for call in calls for keyword in call.keywords if not is_shown(keyword)]
    assert unknown == []
