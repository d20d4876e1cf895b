"""Each mutant applies to the tree as it is; ``make mutants`` judges them."""

from __future__ import annotations

import pytest

from tests.mutants import MUTANTS
from tests.mutants.model import ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_it_applies_once_and_its_tests_are_there(mutant: Mutant) -> None:
    assert mutant.applied() != (ROOT / mutant.path).read_text("utf-8")
    assert [one for one in mutant.tests.split() if not (ROOT / one).exists()] == []
