"""Breaks due on purpose, one place at a time, and sees a suite turn red for each: ``make breaks``.

Each break is made in a copy of the tree, whose tests are first seen green. Those of views and reports are judged by
the tests on Trino, the others by the tests of the room that they are in. A line for each break says what was broken and
which test noticed; the exit code is 1 where one was noticed by none, or where its text is not in the tree any more.
Words are the kinds to be judged: ``make breaks ARGS="'partition hour'"``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.engines import fetch

ROOT = Path(__file__).parents[1]
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "due-demo", "dist", "build")
_PATIENCE = 1200  # seconds for one run

VIEWS = "tests/engines/test_views.py"
REPORTS = "tests/engines/test_reports.py"
SES = "tests/events/test_ses.py"
SMS = "tests/events/test_sms.py"
STATUSES = "tests/engines/test_dynamodb.py"
PARTITIONS = "tests/lambdas/test_partition.py"


@dataclass(frozen=True, slots=True)
class Break:
    """A text of one file, what stands there instead, and the tests that must notice: those that ``chosen`` names."""

    kind: str
    what: str
    path: str
    old: str
    new: str
    tests: str
    chosen: str = "test"


BREAKS = (
    Break(
        "view column",
        "the treatment of a click is its campaign",
        "queries/views/email_click.sql",
        "element_at(attributes, 'treatment_id') AS pinpoint_treatment_id",
        "element_at(attributes, 'campaign_id') AS pinpoint_treatment_id",
        VIEWS,
        "view_is_the_same and email_click",
    ),
    Break(
        "view column",
        "the context of an open stands over its attributes",
        "queries/views/email_open.sql",
        """\
        COALESCE(client_context.custom, CAST(MAP() AS map(varchar, varchar))),
        COALESCE(attributes, CAST(MAP() AS map(varchar, varchar)))
""",
        """\
        COALESCE(attributes, CAST(MAP() AS map(varchar, varchar))),
        COALESCE(client_context.custom, CAST(MAP() AS map(varchar, varchar)))
""",
        VIEWS,
        "view_is_the_same and email_open",
    ),
    Break(
        "view column",
        "a nested value of an SMS context is nothing",
        "queries/views/sms_success.sql",
        "COALESCE(json_extract_scalar(v, '$'), json_format(v))",
        "json_extract_scalar(v, '$')",
        VIEWS,
        "view_is_the_same and sms_success",
    ),
    Break(
        "report predicate",
        "a reply counts as a message that was sent",
        "queries/reports/sms-cost.sql",
        "        AND (event_type <> '_SMS.OPTOUT' OR element_at(attributes, 'record_status') IS NOT NULL)\n",
        "",
        REPORTS,
        "by_hand and sms-cost",
    ),
    Break(
        "report predicate",
        "messages without a campaign are one",
        "queries/reports/campaign-engagement.sql",
        " AND campaign_id IS NOT NULL",
        "",
        REPORTS,
        "by_hand and campaign-engagement",
    ),
    Break(
        "report predicate",
        "the first hour of the period is left out",
        "queries/reports/bounce-rate.sql",
        "time_window >= :since",
        "time_window > :since",
        REPORTS,
        "by_hand and bounce-rate",
    ),
    Break(
        "report predicate",
        "a message to several is one to the first of them",
        "queries/reports/address-engagement.sql",
        "COALESCE(array_distinct(several), ARRAY[first_address])",
        "ARRAY[first_address]",
        REPORTS,
        "by_hand and address-engagement",
    ),
    Break(
        "normaliser field",
        "the sender of an SES mail is not taken",
        "due_cli/events/ses.py",
        '"from_address": "source", ',
        "",
        SES,
    ),
    Break(
        "normaliser field",
        "prices are cents",
        "due_cli/events/sms.py",
        "MILLICENTS_A_DOLLAR = 100_000",
        "MILLICENTS_A_DOLLAR = 100",
        SMS,
    ),
    Break(
        "normaliser field",
        "the sender and the recipient of an SMS change places",
        "due_cli/events/sms.py",
        """\
    ("originationPhoneNumber", "origination_phone_number"),
    ("destinationPhoneNumber", "destination_phone_number"),
""",
        """\
    ("originationPhoneNumber", "destination_phone_number"),
    ("destinationPhoneNumber", "origination_phone_number"),
""",
        SMS,
    ),
    Break(
        "status expression",
        "an item is written over, whatever it has become since it was read",
        "due_cli/lambdas/statuses.py",
        """WHERE "{KEY}"=? AND "{FACTS}"=?'""",
        """WHERE "{KEY}"=? AND "{FACTS}"<>?'""",
        STATUSES,
        "loses or few_calls or blogs_keys",
    ),
    Break(
        "status expression",
        "what is the same is written, and what is different is not",
        "due_cli/lambdas/statuses.py",
        "if before.get(name) != value}",
        "if before.get(name) == value}",
        STATUSES,
        "loses or few_calls or blogs_keys",
    ),
    Break(
        "status expression",
        "the condition is on what is to be written",
        "due_cli/lambdas/statuses.py",
        '{"S": message}, {"S": facts}])',
        '{"S": message}, different[FACTS]])',
        STATUSES,
        "loses or few_calls or blogs_keys",
    ),
    Break(
        "partition hour",
        "the partition has twelve hours a day",
        "due_cli/lambdas/partition.py",
        'return f"{moment:%Y-%m-%d %H}:00:00"',
        'return f"{moment:%Y-%m-%d %I}:00:00"',
        PARTITIONS,
    ),
    Break(
        "partition hour",
        "the partition is where the day's files are",
        "due_cli/lambdas/partition.py",
        "/events/{moment:%Y/%m/%d/%H}/",
        "/events/{moment:%Y/%m/%d}/",
        PARTITIONS,
    ),
)


def copied(place: Path) -> Path:
    """A copy of the tree."""
    return Path(shutil.copytree(ROOT, place / "tree", ignore=_LEFT_OUT))


def ran(tree: Path, tests: str, chosen: str, *, to_the_end: bool = False) -> tuple[int, str]:
    """The exit code of tests in a tree, which end at the first that fails if not told otherwise, and what they said."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",  # a source of the same size and second would be taken for the one before
        "DUE_ENGINES": "1",
        "DUE_ENGINES_CACHE": str(fetch.cache()),
    }
    options = ["-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-k", chosen]
    words = [sys.executable, "-m", "pytest", *options, *tests.split()]
    words += [] if to_the_end else ["-x"]
    done = subprocess.run(
        words, cwd=tree, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    return done.returncode, done.stdout + done.stderr


def noticed(tree: Path, one: Break) -> str | None:
    """The test that fails with a break; None where all pass. Raises ValueError where the break cannot be made."""
    file = tree / one.path
    text = file.read_text("utf-8")
    if text.count(one.old) != 1:
        raise ValueError(f"{one.path} has the text to be broken {text.count(one.old)} times, not once")
    file.write_text(text.replace(one.old, one.new), "utf-8")
    try:
        code, said = ran(tree, one.tests, one.chosen)
    finally:
        file.write_text(text, "utf-8")
    if code == 0:
        return None
    if code != 1 or not failed_in(said):
        raise ValueError(f"the tests did not run:\n{said[-2000:]}")
    return failed_in(said)[0]


def failed_in(said: str) -> list[str]:
    """The tests that failed, out of what a run printed."""
    return _FAILED.findall(said)


def main(kinds: list[str]) -> int:
    """Sees the tests green, then each break red; those of some kinds, if any are named."""
    chosen = [one for one in BREAKS if not kinds or one.kind in kinds]
    survived = 0
    with tempfile.TemporaryDirectory(prefix="due-breaks-") as place:
        tree = copied(Path(place))
        for tests in dict.fromkeys(one.tests for one in chosen):
            code, said = ran(tree, tests, " or ".join(f"({one.chosen})" for one in chosen if one.tests == tests))
            if code:
                _say(f"{tests} is red without a break:\n{said[-2000:]}")
                return 1
        for one in chosen:
            try:
                test = noticed(tree, one)
            except ValueError as error:
                test, survived = f"NOT JUDGED: {error}", survived + 1
            else:
                survived += test is None
            _say(f"{one.kind}: {one.what} ({one.path}): {test or 'NOTICED BY NONE'}")
    _say(f"{len(chosen) - survived} of {len(chosen)} breaks turned a test red")
    return 1 if survived else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
