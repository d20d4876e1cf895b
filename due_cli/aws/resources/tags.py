"""The tag that says which stack a resource belongs to, in the spellings that services have for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

Tags = Mapping[str, str]


class Tag(TypedDict):
    """A tag as most services take it."""

    Key: str
    Value: str


def tag_list(tags: Tags) -> list[Tag]:
    """Tags as a list of keys and values."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
