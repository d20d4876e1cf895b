"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A text of one file, what stands there instead, and the tests that must notice: those that ``chosen`` names."""

    kind: str
    what: str
    path: str
    old: str
    new: str
    tests: str
    chosen: str = "test"

    @property
    def needs_engines(self) -> bool:
        """Whether the tests are on Trino or DynamoDB Local."""
        return self.tests.startswith("tests/engines/")

    def applied(self, tree: Path = ROOT) -> str:
        """The file's text with the error. Raises ValueError where the text is not there once."""
        text = (tree / self.path).read_text("utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.path} has the text to be changed {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)
