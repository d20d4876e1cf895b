"""What was asked for a stack on top of what it has."""

from __future__ import annotations

import pytest

from due_cli.aws.stack.options import Options, setup_options, validate
from due_cli.core.errors import UsageError

CHOSEN = Options(status_days=30, buffer_seconds=60, transform_concurrency=5, alarm_email="oncall@example.com")
_NUMBERS = [
    one.name for one in setup_options() if isinstance(one.default, int) and one.name != "status_delay"
]  # of 0 s


@pytest.mark.parametrize("name", _NUMBERS)
def test_zero_is_no_default(name: str) -> None:
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')}: "):
        validate(CHOSEN.updated({name: 0}))


def test_what_is_not_said_stays_and_nothing_is_the_default() -> None:
    assert CHOSEN.updated({"status_days": None, "buffer_seconds": None}) == CHOSEN
    none = CHOSEN.updated({"alarm_email": "", "transform_concurrency": 0})
    assert (none.alarm_email, none.transform_concurrency, none.status_days) == (None, None, 30)
