"""Samples of a kind of test, which run always; the others are slow and run with ``make test-all``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import Phase, settings

# Examples that take long are small by themselves; making them smaller would take minutes.
_COSTLY = (Phase.explicit, Phase.reuse, Phase.generate)


def sampled(cases: Iterable[Any], keep: int = 3) -> list[Any]:
    """Return the cases as parameters of a test, all of them slow but ``keep``, which are spread over them."""
    cases = list(cases)
    fast = {round(number * (len(cases) - 1) / max(keep - 1, 1)) for number in range(min(keep, len(cases)))}
    return [_parameter(case, slow=number not in fast) for number, case in enumerate(cases)]


def _parameter(case: Any, *, slow: bool) -> Any:
    if not slow:
        return case
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)


def costly(share: float) -> settings:
    """Return the settings of a property whose examples take long: a share of the profile's number of them."""
    return settings(max_examples=max(4, int(settings().max_examples * share)), phases=_COSTLY)
