"""The tags of a resource, among them the one that says which stack it belongs to, in the spellings of the services.

Of the tags that are there only those count whose keys the stack sets: those that other people put beside them stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

Tags = Mapping[str, str]
OWNER = "due:stack"  # on what is there already it tells the stack's own from what something else made
DATABASE = "due:database"  # of the transform's role: a stack that was only begun is found by it
TAGS = "tags"  # the setting of a resource that they are


class Tag(TypedDict):
    """A tag as most services take it."""

    Key: str
    Value: str


def tag_list(tags: Tags) -> list[Tag]:
    """Tags as a list of keys and values."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tags_from_list(tags: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """A list of keys and values as tags."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags}


def managed_tags(there: Tags, wanted: Tags) -> dict[str, str]:
    """Of the tags that are there those that the stack sets."""
    return {key: value for key, value in there.items() if key in wanted}
