"""SNS beyond moto: subscriptions of delivery streams, with AWS's refusals, and what topics put into the streams."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.sns.models import sns_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.policies import Need
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request


class Sns:
    """Subscriptions of delivery streams to topics."""

    def __init__(self, core: Core) -> None:
        self.core = core
        core.handlers["sns:Subscribe"] = self._subscribe
        core.watchers.append(self._published)

    def subscriptions(self, topic_arn: str, region: str = "us-east-1") -> list[dict[str, Any]]:
        """The attributes of a topic's subscriptions of streams; a test may change them, as someone by hand would."""
        held = sns_backends[ACCOUNT][region].subscriptions.values()
        return [one.attributes for one in held if (one.topic.arn, one.protocol) == (topic_arn, "firehose")]

    def _subscribe(self, call: Call, _: Request) -> None:
        given = call.parameters
        if given.get("Protocol") != "firehose":
            return
        if given["TopicArn"].endswith(".fifo"):
            raise RefusedError("InvalidParameter", "Invalid parameter: Invalid protocol type: firehose")
        role = _attributes(given).get("SubscriptionRoleArn")
        if role is None:
            words = "Invalid parameter: Attributes Reason: SubscriptionRoleArn is required for Firehose subscriptions"
            raise RefusedError("InvalidParameter", words)
        if not self.core.iam.assumable(role, "sns", given["TopicArn"]):
            words = "Invalid parameter: Attributes Reason: SubscriptionRoleArn cannot be assumed"
            raise RefusedError("InvalidParameter", words)
        held = [
            one for one in self.subscriptions(given["TopicArn"], call.region) if one["Endpoint"] == given["Endpoint"]
        ]
        if held and held[0].get("SubscriptionRoleArn") != role:
            words = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
            raise RefusedError("InvalidParameter", words)
        if held:
            held[0]["PendingConfirmation"] = False

    def _published(self, call: Call, _: Request, __: Answer) -> None:
        if call.name != "sns:Publish" or "TopicArn" not in call.parameters:
            return
        for one in self.subscriptions(call.parameters["TopicArn"], call.region):
            self._deliver(call, one)

    def _deliver(self, call: Call, subscription: dict[str, Any]) -> None:
        """Puts a message into a stream in the role of the subscription: in SNS's envelope, or raw."""
        topic, role, stream = call.parameters["TopicArn"], subscription["SubscriptionRoleArn"], subscription["Endpoint"]
        if str(subscription.get("PendingConfirmation", "false")).lower() == "true":
            return
        if not self.core.iam.assumable(role, "sns", topic):
            return
        for action in ("DescribeDeliveryStream", "ListTagsForDeliveryStream"):  # of the recommended permissions
            if not self.core.iam.permits(role, Need(f"firehose:{action}", (stream,))):
                return
        text = call.parameters["Message"]
        if str(subscription.get("RawMessageDelivery", "false")).lower() != "true":
            moment = datetime.fromtimestamp(self.core.clock.now(), UTC)
            text = json.dumps(
                {
                    "Type": "Notification",
                    "MessageId": str(uuid.uuid4()),
                    "TopicArn": topic,
                    "Message": text,
                    "Timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "UnsubscribeURL": f"https://sns.{call.region}.amazonaws.com/?Action=Unsubscribe",
                }
            )
        client, name = self.core.as_role(role, "firehose", call.region), stream.rsplit("/", 1)[-1]
        client.put_record(DeliveryStreamName=name, Record={"Data": text + "\n"})
        batch = Need("firehose:PutRecordBatch", (stream,))  # which SNS has for more messages at a time
        self.core.documented(role, "service", batch)


def _attributes(given: dict[str, Any]) -> dict[str, str]:
    """The map of a query, as ``Attributes.entry.1.key``."""
    keys = {name.split(".")[2]: value for name, value in given.items() if name.endswith(".key")}
    return {key: given.get(f"Attributes.entry.{number}.value", "") for number, key in keys.items()}
