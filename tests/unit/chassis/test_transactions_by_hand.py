"""Transactions are begun and ended by the chassis: what SQLAlchemy has for that does nothing."""

import ast
from pathlib import Path

from deploy.local.processes import ROOT

_ENDS = frozenset({"commit", "rollback"})


def _ending(path: Path) -> list[str]:
    """Where a connection that is called tx, or ends in it, is told to commit or to roll back."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in _ENDS
        and isinstance(node.value, ast.Name)
        and node.value.id.endswith("tx")
    ]


def test_nobody_ends_a_transaction_in_a_way_that_does_nothing() -> None:
    paths = [path for folder in ("chassis", "services", "tests") for path in (ROOT / folder).rglob("*.py")]
    assert [place for path in paths for place in _ending(path)] == []
