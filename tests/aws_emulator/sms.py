"""End User Messaging: configuration sets with event destinations, what sends, and AWS's refusals."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, arn
from tests.aws_emulator.policies import Need
from tests.aws_emulator.recognise import model
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

SERVICE = "pinpoint-sms-voice-v2"
_MOST = 5  # event destinations of a set (user guide, quotas)
_TARGETS = ("KinesisFirehoseDestination", "CloudWatchLogsDestination", "SnsDestination")
_TYPES: list[str] = getattr(model(SERVICE).shape_for("EventType"), "enum")  # noqa: B009  of a string's shape alone
_PLAIN = ("MatchingEventTypes", "Enabled")


class Sms:
    """Configuration sets, their event destinations, and phone numbers, pools and sender ids that tests put there."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.page_size = 100  # the most that MaxResults may be
        self.phone_numbers: list[dict[str, Any]] = []
        self.pools: list[dict[str, Any]] = []
        self.sender_ids: list[dict[str, Any]] = []
        self._sets: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(dict)  # by region and name
        self._handlers = {
            "CreateConfigurationSet": self._create_set,
            "DeleteConfigurationSet": self._delete_set,
            "DescribeConfigurationSets": self._describe_sets,
            "DescribePhoneNumbers": lambda call: self._page(call, "PhoneNumbers", self.phone_numbers),
            "DescribePools": lambda call: self._page(call, "Pools", self.pools),
            "DescribeSenderIds": lambda call: self._page(call, "SenderIds", self.sender_ids),
            "CreateEventDestination": self._create,
            "UpdateEventDestination": self._update,
            "DeleteEventDestination": self._delete,
        }
        core.handlers[SERVICE] = self._handle

    def destinations(self, configuration_set: str, region: str = "us-east-1") -> list[dict[str, Any]]:
        """The event destinations of a configuration set; a test may change them, as someone by hand would."""
        return self._sets[region][configuration_set]

    def publish(self, configuration_set: str, *records: dict[str, Any], region: str = "us-east-1") -> int:
        """Puts event records where the enabled destinations of a set send them; how many a stream took."""
        taken = 0
        source = _set_arn(region, configuration_set)
        for destination in self.destinations(configuration_set, region):
            stream = destination.get("KinesisFirehoseDestination")
            if not stream or not destination["Enabled"]:
                continue
            if not self.core.iam.assumable(stream["IamRoleArn"], "sms-voice", source):
                continue
            client = self.core.as_role(stream["IamRoleArn"], "firehose", region)
            for record in records:
                if _matches(record["eventType"], destination["MatchingEventTypes"]):
                    name = stream["DeliveryStreamArn"].rsplit("/", 1)[-1]
                    client.put_record(DeliveryStreamName=name, Record={"Data": json.dumps(record) + "\n"})
                    taken += 1
        return taken

    def add_phone_number(self, number: str, topic_arn: str | None = None, **more: Any) -> None:
        """Leases a number, which sends what it receives to a topic."""
        two_way = {"TwoWayChannelArn": topic_arn} if topic_arn else {}
        known = {"PhoneNumber": number, "PhoneNumberId": f"phone-{number[1:]}", "Status": "ACTIVE"}
        self.phone_numbers.append({**known, "TwoWayEnabled": bool(topic_arn), **two_way, **more})

    def _handle(self, call: Call, _: Request) -> Answer:
        handler = self._handlers.get(call.operation)
        if handler is None:
            raise AssertionError(f"the emulator does not know {call.name}")
        return handler(call)

    def _create_set(self, call: Call) -> Answer:
        name = call.parameters["ConfigurationSetName"]
        if name in self._sets[call.region]:
            raise RefusedError("ConflictException", f"Configuration set {name} already exists.")
        self._sets[call.region][name] = []
        return Answer.of(_named(call))

    def _delete_set(self, call: Call) -> Answer:
        self._held(call)
        del self._sets[call.region][call.parameters["ConfigurationSetName"]]
        return Answer.of(_named(call))

    def _describe_sets(self, call: Call) -> Answer:
        sets = self._sets[call.region]
        wanted = call.parameters.get("ConfigurationSetNames") or []
        if len(wanted) > 5:
            raise RefusedError("ValidationException", "ConfigurationSetNames: at most 5")
        for name in wanted:
            if name not in sets:
                raise RefusedError("ResourceNotFoundException", f"Resource {name} not found.")
        found = [
            {
                "ConfigurationSetArn": _set_arn(call.region, name),
                "ConfigurationSetName": name,
                "EventDestinations": held,
                "CreatedTimestamp": 1_795_316_400,
            }
            for name, held in sorted(sets.items())
            if not wanted or name in wanted
        ]
        return self._page(call, "ConfigurationSets", found)

    def _create(self, call: Call) -> Answer:
        held, name = self._held(call), call.parameters["EventDestinationName"]
        if any(one["EventDestinationName"] == name for one in held):
            raise RefusedError("ConflictException", f"Event destination {name} already exists.")
        if len(held) >= _MOST:
            raise RefusedError("ServiceQuotaExceededException", "Maximum number of event destinations reached.")
        held.append({"EventDestinationName": name, "Enabled": True, **self._checked(call)})
        return Answer.of({**_named(call), "EventDestination": held[-1]})

    def _update(self, call: Call) -> Answer:
        destination = self._one(call)
        given = self._checked(call) if set(_TARGETS) & call.parameters.keys() else {}
        destination.update(given)
        destination.update({key: call.parameters[key] for key in _PLAIN if key in call.parameters})
        return Answer.of({**_named(call), "EventDestination": destination})

    def _delete(self, call: Call) -> Answer:
        destination = self._one(call)
        self._held(call).remove(destination)
        return Answer.of({**_named(call), "EventDestination": destination})

    def _held(self, call: Call) -> list[dict[str, Any]]:
        name = call.parameters["ConfigurationSetName"]
        if name not in self._sets[call.region]:
            raise RefusedError("ResourceNotFoundException", f"Configuration set {name} not found.")
        return self._sets[call.region][name]

    def _one(self, call: Call) -> dict[str, Any]:
        name = call.parameters["EventDestinationName"]
        found = next((one for one in self._held(call) if one["EventDestinationName"] == name), None)
        if found is None:
            raise RefusedError("ResourceNotFoundException", f"Event destination {name} not found.")
        return found

    def _checked(self, call: Call) -> dict[str, Any]:
        """An event destination as it is stored, once End User Messaging could use it."""
        given = call.parameters
        targets = [name for name in _TARGETS if given.get(name)]
        if len(targets) != 1:
            raise RefusedError("ValidationException", "Exactly one destination must be given.")
        types = given.get("MatchingEventTypes") or []
        if not types or set(types) - set(_TYPES):
            raise RefusedError("ValidationException", "Matching event types are missing or unknown.")
        stream = given.get("KinesisFirehoseDestination")
        if stream:
            self._check_stream(call, stream["IamRoleArn"], stream["DeliveryStreamArn"])
        return {"MatchingEventTypes": types, targets[0]: given[targets[0]]}

    def _check_stream(self, call: Call, role: str, stream: str) -> None:
        """A young role is refused in these words: Terraform's provider waits for both."""
        if not self.core.iam.assumable(
            role, "sms-voice", _set_arn(call.region, call.parameters["ConfigurationSetName"])
        ):
            raise RefusedError("ValidationException", "Could not assume IAM role")
        words = "Could not access Kinesis Firehose Stream"
        if not self.core.iam.permits(role, Need("firehose:PutRecord", (stream,))):
            raise RefusedError("ValidationException", words)
        _, _, service, region, account, name = stream.split(":", 5)
        names = self.core.client("firehose", region=region).list_delivery_streams(Limit=50)["DeliveryStreamNames"]
        if service != "firehose" or account != ACCOUNT or name.removeprefix("deliverystream/") not in names:
            raise RefusedError("ValidationException", words)

    def _page(self, call: Call, key: str, found: list[Any]) -> Answer:
        start = int(call.parameters.get("NextToken") or 0)
        end = start + min(self.page_size, call.parameters.get("MaxResults") or self.page_size)
        more = {"NextToken": str(end)} if end < len(found) else {}
        return Answer.of({key: found[start:end], **more})


def _set_arn(region: str, name: str) -> str:
    return arn("sms-voice", region, f"configuration-set/{name}")


def _named(call: Call) -> dict[str, Any]:
    name = call.parameters["ConfigurationSetName"]
    return {"ConfigurationSetArn": _set_arn(call.region, name), "ConfigurationSetName": name}


def _matches(event_type: str, types: list[str]) -> bool:
    return bool({"ALL", event_type, f"{event_type.split('_')[0]}_ALL"} & set(types))
