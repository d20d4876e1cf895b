"""Everything that an operator does with a stack, with the printed rights alone, and that the stack does then."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from due_cli.events import rows_of, status_of
from due_cli.events.status_codec import encode_record
from tests.aws.doctor_env import registered
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.policies import Right, rights_in
from tests.events.records import ses_bounce, ses_delivery, ses_send, sms_event
from tests.scenarios.commands import Commands, Ended

BUCKET, STREAM, DATABASE, TABLE = "due-events-123456789012-us-east-1", "due-events", "due_eventdb", "all_events"
CUT = b'{"eventType": "Send", cut'


@dataclass
class OperatorScenario:
    """One operator's commands in one account; each must end as it is told to."""

    emulator: AwsEmulator
    commands: Commands
    operator: dict[str, str]
    key: str
    boundary: str

    def due(self, *words: str, codes: tuple[int, ...] = (0,)) -> Ended:
        """A command of the operator's."""
        ended = self.commands.due(*words, killed_by=None, **self.operator)
        assert ended.code in codes, (words, ended, list(map(str, self.emulator.iam.denied)))
        return ended

    def client(self, service: str) -> Any:
        """A client of somebody else, who may do all."""
        return self.emulator.client(service)

    def run(self) -> dict[str, list[Right]]:
        """All of it, until the stack is gone; the rights that each of its roles had."""
        self._set_up()
        self._attach()
        self._events()
        self._ask()
        self._repair()
        self._interrupt()
        self._erase()
        roles = [one["Arn"] for one in self.client("iam").list_roles()["Roles"]]
        found = {role: rights_in(self.emulator.iam.policies(role)) for role in roles}
        self.due("teardown", "--yes", "--delete-data")
        return found

    def _set_up(self) -> None:
        """Made, changed by hand, and set right with other options."""
        for name in ("marketing", "receipts"):
            self.client("sesv2").create_configuration_set(ConfigurationSetName=name)
        self.client("sesv2").create_email_identity(EmailIdentity="example.com")
        alarms = ("--alarm-email", "oncall@example.com", "--tag", "team=mail")
        bounded = ("--permissions-boundary", self.boundary)
        self.due("setup", "--yes", "--transform-concurrency", "5", "--buffer-seconds", "60", *alarms, *bounded)
        self.client("iam").delete_role_permissions_boundary(RoleName="due-stream-us-east-1")
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.client("iam").update_assume_role_policy(
            RoleName="due-stream-us-east-1", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        more = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [more]})
        policy = self.client("iam").create_policy(PolicyName="more", PolicyDocument=document)["Policy"]["Arn"]
        self.client("iam").attach_role_policy(RoleName="due-stream-us-east-1", PolicyArn=policy)
        functions, gateway = self.client("lambda"), self.client("apigatewayv2")
        functions.update_function_code(FunctionName="due-transform", ZipFile=b"other code")
        queue = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:other"}}
        functions.put_function_event_invoke_config(FunctionName="due-transform", DestinationConfig=queue)
        [api] = [one["ApiId"] for one in gateway.get_apis()["Items"]]
        [route] = [one["RouteId"] for one in gateway.get_routes(ApiId=api)["Items"]]
        gateway.update_route(ApiId=api, RouteId=route, AuthorizationType="NONE")
        others = ("--transform-concurrency", "0", "--buffer-mb", "100", "--results-days", "10")
        alarms = ("--alarm-email", "nights@example.com", "--tag", "team=web")
        self.due("setup", "--yes", "--kms-key", self.key, *others, *alarms)

    def _attach(self) -> None:
        """Projects and configuration sets, both ways; a moment of mail through each."""
        asked = {"Name": "shop"}
        shop = self.client("pinpoint").create_app(CreateApplicationRequest=asked)["ApplicationResponse"]["Id"]
        self.due("attach-project", shop)
        assert (
            self.emulator.pinpoint.publish(shop, {"event_type": "purchase", "event_timestamp": 1_795_316_400_000}) == 1
        )
        self.due("detach-project", shop)
        self.due("attach-config-set", "marketing")
        self.due("attach-config-set", "receipts", "--via", "firehose")
        assert self.emulator.ses.publish("receipts", ses_send()) == 1
        self.due("attach-config-set", "--all", "--via", "firehose")
        self.due("detach-config-set", "marketing")
        self._attach_texts()

    def _attach_texts(self) -> None:
        """Configuration sets of End User Messaging and topics, changed by hand; a message of each, and numbers."""
        sms, sns, topics = self.client("pinpoint-sms-voice-v2"), self.client("sns"), []
        for name in ("alerts", "codes"):
            sms.create_configuration_set(ConfigurationSetName=name)
            topics.append(sns.create_topic(Name=name, Tags=[{"Key": "team", "Value": "sms"}])["TopicArn"])
        self.due("attach-config-set", "alerts", "codes")
        assert self.emulator.sms.publish("alerts", sms_event()) == 1
        self.emulator.sms.destinations("codes")[0]["Enabled"] = False
        self.due("attach-config-set", "codes", "--channel", "sms")
        self.due("detach-config-set", "codes")
        self.due("attach-topic", *topics)
        sns.publish(TopicArn=topics[0], Message=json.dumps(sms_event()))
        self.emulator.sns.subscriptions(topics[1])[0]["RawMessageDelivery"] = "true"
        self.due("attach-topic", *topics)
        self.due("detach-topic", topics[1])
        self.emulator.sms.add_phone_number("+12065550100", topics[1])

    def _events(self) -> None:
        """Through the stream: news of a message twice, rows that go back, facts and an hour that are not taken."""
        emulator = self.emulator
        readable = json.dumps(ses_send(mail={"messageId": "readable"})).encode()
        emulator.firehose.put(STREAM, ses_send(mail={"messageId": "one"}), readable + b"\n" + CUT)
        emulator.firehose.put(STREAM, ses_send(mail={"messageId": "x" * 3000}))
        emulator.faults.refuse("lambda:Invoke", "AccessDeniedException", by="service", times=1)
        emulator.flush()
        emulator.firehose.put(STREAM, ses_delivery(mail={"messageId": "one"}))
        emulator.functions.cool()  # what runs already knows the hour's partition
        emulator.faults.refuse("glue:BatchCreatePartition", "AccessDeniedException", by="function")
        emulator.flush()
        emulator.faults.clear()
        status = next(filter(None, map(status_of, rows_of(ses_bounce(mail={"messageId": "two"})).rows)))
        later = next(filter(None, map(status_of, rows_of(ses_bounce(mail={"messageId": "one"})).rows)))
        for number, one in enumerate((status, later)):
            key = f"errors/status/2026/11/22/03/{number}.jsonl"
            self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=encode_record(one))

    def _ask(self) -> None:
        """Reports, views and statuses; what failed is brought in again or thrown away."""
        (self.commands.home / "records.json").write_text(json.dumps(ses_delivery(mail={"messageId": "three"})))
        view = ("--event-type", "_custom.visit", "--attribute", "page")
        for words in (
            ("ingest", "records.json"),
            ("report", "bounce-rate"),
            ("view", "create", "visits", *view),
            ("view", "list"),
            ("view", "drop", "visits"),
            ("status", "one"),
            ("outputs",),
            ("failed", "list"),
            ("failed", "replay"),
            ("failed", "discard", "--all", "--yes"),
        ):
            self.due(*words)

    def _repair(self) -> None:
        """An hour that is no partition and one of another place, with Lake Formation to be asked; a test record."""
        glue, table = self.client("glue"), {"DatabaseName": DATABASE, "TableName": TABLE}
        partitions = glue.get_partitions(**table)["Partitions"]
        glue.delete_partition(**table, PartitionValues=partitions[0]["Values"])
        self.client("s3").put_object(Bucket=BUCKET, Key="events/2026/01/01/00/empty", Body=b"")
        self.emulator.functions.settle()
        elsewhere = f"s3://{BUCKET}/events/2026/01/01/01/"
        values, descriptor = ["2026-01-01 00:00:00"], partitions[0]["StorageDescriptor"]
        moved = {"Values": values, "StorageDescriptor": {**descriptor, "Location": elsewhere}}
        glue.update_partition(**table, PartitionValueList=values, PartitionInput=moved)
        self.emulator.watchers.append(registered)
        self.due("doctor", "--repair", codes=(7,))
        self.emulator.watchers.remove(registered)
        self.client("s3").delete_object(Bucket=BUCKET, Key="events/2026/01/01/00/empty")
        self.due("doctor", "--accept-loss", "2026-01-01T00", codes=(0, 7))
        with self._delivering():
            said = self.due("doctor", "--send-test", codes=(0, 7)).out
        assert "Athena finds it" in said, said

    @contextmanager
    def _delivering(self) -> Iterator[None]:
        """The stream delivers what it has, every moment."""
        over = threading.Event()

        def deliver() -> None:
            while not over.wait(1):
                self.emulator.flush()

        thread = threading.Thread(target=deliver)
        thread.start()
        yield
        over.set()
        thread.join()

    def _erase(self) -> None:
        """A person who has mails of their own and one with others, and of whom there is an old version of an object."""
        s3, destination = self.client("s3"), "maria@example.org"
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for body in (destination, "nobody"):
            s3.put_object(Bucket=BUCKET, Key="errors/processing-failed/2026/11/22/03/x", Body=body.encode())
        mails = [
            ses_send(mail={"messageId": "hers", "destination": [destination]}),
            ses_send(mail={"messageId": "theirs", "destination": [destination, "bob@example.org"]}),
        ]
        (self.commands.home / "mails.json").write_text(json.dumps(mails))
        self.due("ingest", "mails.json")
        self.due("erase", destination, "--plan")
        assert "1 removed, 1 changed" in self.due("erase", destination, "--yes").out

    def _interrupt(self) -> None:
        """Ctrl-C while Athena works."""
        self.emulator.athena.slow = 60.0
        seen: list[Call] = []

        def is_first_look(call: Call) -> bool:
            looks = call.operation == "GetQueryExecution" and not seen
            seen.extend([call] if looks else [])
            return looks

        query = ("query", f"SELECT count(*) FROM {TABLE}")
        assert self.commands.interrupted(query, is_first_look, later=0, **self.operator).code == 130
        self.emulator.athena.slow = 0.0
