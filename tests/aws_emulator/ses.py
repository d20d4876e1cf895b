"""SES v2 beyond moto: event destinations with AWS's refusals, pages, and what a configuration set publishes."""

from __future__ import annotations

import json
from typing import Any

from moto.ses.models import ses_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, arn
from tests.aws_emulator.policies import Need
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

_MOST = 10
_TARGETS = (
    "KinesisFirehoseDestination",
    "CloudWatchDestination",
    "SnsDestination",
    "EventBridgeDestination",
    "PinpointDestination",
)
_TRACKED = ("OPEN", "CLICK")
TYPES = {
    "Send": "SEND",
    "Reject": "REJECT",
    "Bounce": "BOUNCE",
    "Complaint": "COMPLAINT",
    "Delivery": "DELIVERY",
    "Open": "OPEN",
    "Click": "CLICK",
    "Rendering Failure": "RENDERING_FAILURE",
    "DeliveryDelay": "DELIVERY_DELAY",
    "Subscription": "SUBSCRIPTION",
}


class Ses:
    """Configuration sets, their event destinations, and the identities that use them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.calls_a_second: float | None = None  # AWS: 1; None does not limit
        self._destinations: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._last_call = 0.0
        for name in (
            "CreateConfigurationSetEventDestination",
            "UpdateConfigurationSetEventDestination",
            "DeleteConfigurationSetEventDestination",
            "GetConfigurationSetEventDestinations",
            "ListConfigurationSets",
            "ListEmailIdentities",
            "PutEmailIdentityConfigurationSetAttributes",
        ):
            core.handlers[f"sesv2:{name}"] = self._handle
        core.handlers["sesv2"] = self._pass_on
        core.watchers.append(self._forget)

    def publish(self, configuration_set: str, *records: dict[str, Any], region: str = "us-east-1") -> int:
        """Puts SES event records where the enabled destinations of a set send them; how many a stream took."""
        taken = 0
        for destination in self._destinations.get((region, configuration_set), []):
            firehose = destination.get("KinesisFirehoseDestination")
            if not firehose or not destination["Enabled"]:
                continue
            source = arn("ses", region, f"configuration-set/{configuration_set}")
            if not self.core.iam.assumable(firehose["IamRoleArn"], "ses", source):
                continue
            wanted = [one for one in records if TYPES[one["eventType"]] in destination["MatchingEventTypes"]]
            client = self.core.as_role(firehose["IamRoleArn"], "firehose", region)
            stream = firehose["DeliveryStreamArn"].rsplit("/", 1)[-1]
            for start in range(0, len(wanted), 500):
                batch = [{"Data": json.dumps(one) + "\n"} for one in wanted[start : start + 500]]
                client.put_record_batch(DeliveryStreamName=stream, Records=batch)
                taken += len(batch)
        return taken

    def tracking(self, configuration_set: str, region: str = "us-east-1") -> set[str]:
        """OPEN if SES inserts a pixel into the mail of a set, CLICK if it rewrites its links, as destinations say."""
        held = self.destinations(configuration_set, region)
        return {name for one in held if one["Enabled"] for name in one["MatchingEventTypes"] if name in _TRACKED}

    def destinations(self, configuration_set: str, region: str = "us-east-1") -> list[dict[str, Any]]:
        """The event destinations of a configuration set; a test may change them, as someone by hand would."""
        return self._destinations.setdefault((region, configuration_set), [])

    def _handle(self, call: Call, _: Request) -> Answer:
        self._limit()
        given = call.parameters
        if call.operation == "ListConfigurationSets":
            return self._page(call, "ConfigurationSets", sorted(_backend(call).config_sets))
        if call.operation == "ListEmailIdentities":
            found = [one.list_response_object for one in _backend(call).email_identities.values()]
            return self._page(call, "EmailIdentities", found)
        if call.operation == "PutEmailIdentityConfigurationSetAttributes":
            identity = _backend(call).email_identities[given["EmailIdentity"]]
            identity.configuration_set_name = given.get("ConfigurationSetName")
            return Answer.of({})
        name = given["ConfigurationSetName"]
        if name not in _backend(call).config_sets:
            raise RefusedError("NotFoundException", f"Configuration set <{name}> does not exist.", 404)
        held = self._destinations.setdefault((call.region, name), [])
        if call.operation == "GetConfigurationSetEventDestinations":
            return Answer.of({"EventDestinations": held})
        index = next((n for n, one in enumerate(held) if one["Name"] == given["EventDestinationName"]), None)
        if call.operation == "CreateConfigurationSetEventDestination":
            if index is not None:
                words = f"An event destination with name <{given['EventDestinationName']}> already exists."
                raise RefusedError("AlreadyExistsException", words)
            if len(held) >= _MOST:
                raise RefusedError("LimitExceededException", "Maximum number of event destinations reached.")
            held.append(self._checked(call))
            return Answer.of({})
        if index is None:
            words = f"Event destination <{given['EventDestinationName']}> does not exist."
            raise RefusedError("NotFoundException", words, 404)
        if call.operation == "DeleteConfigurationSetEventDestination":
            del held[index]
        else:
            held[index] = self._checked(call)
        return Answer.of({})

    def _checked(self, call: Call) -> dict[str, Any]:
        """An event destination as it is stored, once SES could use it."""
        given = call.parameters["EventDestination"]
        targets = [name for name in _TARGETS if given.get(name)]
        if len(targets) != 1:
            raise RefusedError("BadRequestException", "Exactly one destination must be given.")
        types = given.get("MatchingEventTypes") or []
        if not types or set(types) - set(TYPES.values()):
            raise RefusedError("BadRequestException", "Matching event types are missing or unknown.")
        firehose = given.get("KinesisFirehoseDestination")
        if firehose:
            self._check_stream(call, firehose["IamRoleArn"], firehose["DeliveryStreamArn"])
        return {
            "Name": call.parameters["EventDestinationName"],
            "Enabled": bool(given.get("Enabled", False)),
            "MatchingEventTypes": types,
            targets[0]: given[targets[0]],
        }

    def _check_stream(self, call: Call, role: str, stream: str) -> None:
        source = arn("ses", call.region, f"configuration-set/{call.parameters['ConfigurationSetName']}")
        if not self.core.iam.assumable(role, "ses", source):
            raise RefusedError("BadRequestException", f"Could not assume IAM role <{role}>.")
        words = f"Could not access Kinesis Firehose Stream <{stream}>."
        if not self.core.iam.permits(role, Need("firehose:PutRecordBatch", (stream,))):
            raise RefusedError("BadRequestException", words)
        _, _, service, region, account, name = stream.split(":", 5)
        names = self.core.client("firehose", region=region).list_delivery_streams(Limit=50)["DeliveryStreamNames"]
        if service != "firehose" or account != ACCOUNT or name.removeprefix("deliverystream/") not in names:
            raise RefusedError("BadRequestException", words)

    def _page(self, call: Call, key: str, found: list[Any]) -> Answer:
        start = int(call.parameters.get("NextToken") or 0)
        end = start + int(call.parameters.get("PageSize") or 100)
        more = {"NextToken": str(end)} if end < len(found) else {}
        return Answer.of({key: found[start:end], **more})

    def _pass_on(self, call: Call, _: Request) -> None:
        self._limit()
        if call.operation in ("GetConfigurationSet", "DeleteConfigurationSet"):
            name = call.parameters["ConfigurationSetName"]
            if name not in _backend(call).config_sets:
                raise RefusedError("NotFoundException", f"Configuration set <{name}> does not exist.", 404)

    def _limit(self) -> None:
        if self.calls_a_second is None:
            return
        now = self.core.clock.now()
        if now - self._last_call < 1 / self.calls_a_second:
            raise RefusedError("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
        self._last_call = now

    def _forget(self, call: Call, _: Request, __: Answer) -> None:
        if call.name == "sesv2:DeleteConfigurationSet":
            self._destinations.pop((call.region, call.parameters["ConfigurationSetName"]), None)


def _backend(call: Call) -> Any:
    return ses_backends[ACCOUNT][call.region]
