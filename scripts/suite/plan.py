"""Which steps `make test`, and each of the targets that test one thing, take."""

from scripts.setup.layout import PROTOS
from scripts.suite.steps import command, pytest

_CODE = ("chassis", "deploy", "scripts", "services", "tests")

LINT = (
    command("ruff", "ruff", "check", "--quiet", "."),
    command("format", "ruff", "format", "--quiet", "--check", "."),
    command("imports", "lint-imports", "--no-logo"),
    command("contracts", "buf", "lint", folder=PROTOS),
    command("dockerfile", "hadolint", "deploy/images/Dockerfile"),
)
TYPES = (command("types", "mypy", *_CODE),)
BROWSER = (pytest("browser", "tests/browser"),)
BROWSER_SHORT = (pytest("browser-short", "--capture=no", "--own-system", "tests/browser/test_story.py"),)
CHART = (pytest("chart", "tests/chart"),)
BACKUP = (pytest("backup", "tests/backup"),)
MONITORING = (pytest("monitoring", "tests/monitoring"),)
RULES = (pytest("rules", "tests/monitoring/test_rules.py"),)
IMAGES = (pytest("images", "--capture=no", "tests/images"),)
# Those that take longest begin first; the short ones fill the gaps.
TESTS = (
    pytest("story", "--capture=no", "tests/story"),
    pytest("messaging", "tests/integration/messaging"),
    pytest("chassis", "tests/integration/chassis"),
    # Measures too little to say anything, but every part of the benchmarks must work.
    command("bench-short", "python", "-m", "tests.bench", "--short"),
    pytest("identity", "tests/integration/identity"),
    pytest("attachments", "tests/integration/attachments"),
    *BROWSER_SHORT,
    pytest("notifier", "tests/integration/notifier"),
    # nameko's test helpers want a process that eventlet has patched, in which asyncio's tests can't run.
    pytest("nameko", "--config-file=tests/nameko/pytest.ini", "tests/nameko"),
    *CHART,
    *RULES,
    pytest("unit", "tests/unit"),
    pytest("local", "tests/integration/local"),
)
ALL = (*TESTS, *TYPES, *LINT)
ONE_BY_ONE = {
    "lint": LINT,
    "types": TYPES,
    "browser": BROWSER,
    "browser-short": BROWSER_SHORT,
    "monitoring": MONITORING,
    "chart": CHART,
    "images": IMAGES,
    "backup": BACKUP,
}
