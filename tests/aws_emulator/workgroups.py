"""Athena's workgroups with their settings and tags."""

from __future__ import annotations

import time
from typing import Any

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import arn
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

_LEAST_CUTOFF = 10_000_000

_TAGS_A_PAGE = 2  # AWS does not say how many; two make it matter


class Workgroups:
    """The workgroups of each region; ``primary`` is always there and has no place for results."""

    def __init__(self, core: Core) -> None:
        self._held: dict[tuple[str, str], dict[str, Any]] = {}
        self._tags: dict[str, dict[str, str]] = {}
        for name in ("CreateWorkGroup", "GetWorkGroup", "UpdateWorkGroup", "DeleteWorkGroup", "ListWorkGroups"):
            core.handlers[f"athena:{name}"] = self._handle
        for name in ("TagResource", "UntagResource", "ListTagsForResource"):
            core.handlers[f"athena:{name}"] = self._tagged

    def named(self, region: str, name: str) -> dict[str, Any]:
        """A workgroup; refuses one that is not there."""
        if (region, name) not in self._held and name == "primary":
            self._held[region, name] = _made(name, {"EnforceWorkGroupConfiguration": False})
        found = self._held.get((region, name))
        if found is None:
            raise RefusedError("InvalidRequestException", f"WorkGroup {name} is not found.")
        return found

    def _handle(self, call: Call, _: Request) -> Answer:
        given = call.parameters
        if call.operation == "ListWorkGroups":
            found = [one for (region, _), one in sorted(self._held.items()) if region == call.region]
            return Answer.of({"WorkGroups": [{"Name": one["Name"], "State": one["State"]} for one in found]})
        name = str(given.get("WorkGroup") or given.get("Name"))
        if call.operation == "CreateWorkGroup":
            if (call.region, name) in self._held or name == "primary":
                raise RefusedError("InvalidRequestException", f"WorkGroup {name} is already created")
            config = given.get("Configuration") or {}
            _check(config)
            self._held[call.region, name] = _made(name, config, given.get("Description", ""))
            where = arn("athena", call.region, f"workgroup/{name}")
            self._tags[where] = {one["Key"]: one["Value"] for one in given.get("Tags") or []}
            return Answer.of({})
        held = self.named(call.region, name)
        if call.operation == "GetWorkGroup":
            return Answer.of({"WorkGroup": held})
        if call.operation == "UpdateWorkGroup":
            _update(held, given)
        else:
            del self._held[call.region, name]
            self._tags.pop(arn("athena", call.region, f"workgroup/{name}"), None)
        return Answer.of({})

    def _tagged(self, call: Call, _: Request) -> Answer:
        given = call.parameters
        where = given["ResourceARN"]
        if where not in self._tags:
            raise RefusedError("ResourceNotFoundException", f"Resource {where} was not found")
        if call.operation == "ListTagsForResource":
            tags = [{"Key": key, "Value": value} for key, value in self._tags[where].items()]
            begin = int(given.get("NextToken", 0))
            end = begin + _TAGS_A_PAGE
            return Answer.of({"Tags": tags[begin:end], **({"NextToken": str(end)} if end < len(tags) else {})})
        for one in given.get("Tags") or []:
            self._tags[where][one["Key"]] = one["Value"]
        for key in given.get("TagKeys") or []:
            self._tags[where].pop(key, None)
        return Answer.of({})


def _made(name: str, config: dict[str, Any], about: str = "") -> dict[str, Any]:
    defaults = {
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "RequesterPaysEnabled": False,
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
    }
    settings = {**defaults, **config}
    return {
        "Name": name,
        "State": "ENABLED",
        "Description": about,
        "Configuration": settings,
        "CreationTime": time.time(),
    }


def _update(held: dict[str, Any], given: dict[str, Any]) -> None:
    """What is named changes, what is not named stays."""
    held["Description"] = given.get("Description", held["Description"])
    held["State"] = given.get("State", held["State"])
    updates = dict(given.get("ConfigurationUpdates") or {})
    _check(updates)
    config = held["Configuration"]
    if updates.pop("RemoveBytesScannedCutoffPerQuery", False):
        config.pop("BytesScannedCutoffPerQuery", None)
    for key, value in (updates.pop("ResultConfigurationUpdates", None) or {}).items():
        place = config.setdefault("ResultConfiguration", {})
        if key.startswith("Remove"):
            if value:
                place.pop(key.removeprefix("Remove"), None)
        else:
            place[key] = value
    config.update(updates)


def _check(config: dict[str, Any]) -> None:
    cutoff = config.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and cutoff < _LEAST_CUTOFF:
        raise RefusedError("InvalidRequestException", f"BytesScannedCutoffPerQuery must be at least {_LEAST_CUTOFF}")
