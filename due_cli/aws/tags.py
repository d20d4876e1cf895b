"""The tags of a resource, among them the one that names its stack, in the formats of the services.

Only tags whose keys the stack sets are compared and changed: those that other people add stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Tags = Mapping[str, str]
STACK_TAG = "due:stack"  # tells the stack's own resources from those that something else created
DATABASE_TAG = "due:database"  # of the transform's role: a stack whose setup was interrupted is found by it
TAGS = "tags"  # the setting of a resource that holds its tags


def tag_list(tags: Tags) -> list[Any]:
    """Tags as a list of keys and values, for which each service has a type of its own."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tags_from_list(tags: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Tags from a list of keys and values."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags}


def managed_tags(current: Tags, desired: Tags) -> dict[str, str]:
    """The current tags whose keys the stack sets."""
    return {key: value for key, value in current.items() if key in desired}
