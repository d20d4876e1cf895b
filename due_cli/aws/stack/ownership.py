"""Whose a resource is that is there already: the stack's own, another stack's, or of something else than due."""

from __future__ import annotations

from collections.abc import Mapping

from due_cli.aws.resources.resource import Settings
from due_cli.aws.tags import OWNER, TAGS

_TAGGED_LATER = ("data bucket",)  # S3 tags by a call of its own: a setup that was killed in between left it without


def not_own(kind: str, wanted: Settings, found: Settings) -> str | None:
    """Why a resource is not the stack's, by the tag that all of a stack have; None where it is, or has no tags.

    ``found`` may be the part of the settings that differs.
    """
    own, there = wanted.get(TAGS), found.get(TAGS)
    if not isinstance(own, Mapping) or not isinstance(there, Mapping):
        return None
    owner = there.get(OWNER)
    if owner == own.get(OWNER) or (owner is None and kind in _TAGGED_LATER):
        return None
    return f"belongs to the stack {owner}" if owner else "was not made by due"
