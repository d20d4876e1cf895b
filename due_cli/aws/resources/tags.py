"""The tag that says which stack a resource belongs to, in the spellings that services have for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

Tags = Mapping[str, str]
OWNER = "due:stack"  # on what is there already it tells the stack's own from what something else made


class Tag(TypedDict):
    """A tag as most services take it."""

    Key: str
    Value: str


def tag_list(tags: Tags) -> list[Tag]:
    """Tags as a list of keys and values."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def owner(tags: Iterable[Tag]) -> str | None:
    """The stack that a list of tags names."""
    return next((tag["Value"] for tag in tags if tag["Key"] == OWNER), None)
