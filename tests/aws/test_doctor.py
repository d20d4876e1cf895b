"""Each fault is really made: doctor returns it and nothing else, and the commands that it prints fix it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends
from moto.s3.models import s3_backends

from due_cli.aws.doctor.views import hive_type
from due_cli.sql.files import TABLE
from tests.aws.doctor_env import DoctorEnv, Expected
from tests.aws_emulator.needs import ACCOUNT, PARTITION
from tests.aws_emulator.pinpoint import Gone
from tests.commands import Due


@pytest.mark.parametrize(
    ("trino", "hive"),
    [
        ("timestamp(3)", "timestamp"),
        ("varchar(12)", "string"),
        ("map(varchar, array(integer))", "map<string,array<int>>"),
        ('array(row("email_address" varchar, n bigint))', "array<struct<email_address:string,n:bigint>>"),
    ],
)
def test_the_types_of_a_views_columns_have_two_spellings(trino: str, hive: str) -> None:
    assert hive_type(trino) == hive


def changed_role(env: DoctorEnv, name: str, *, without: str) -> None:
    """Takes an action out of a role's policy."""
    iam, role = env.client("iam"), env.stack.names.role(name)
    document = iam.get_role_policy(RoleName=role, PolicyName="due")["PolicyDocument"]
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != without]
    document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
    iam.put_role_policy(RoleName=role, PolicyName="due", PolicyDocument=json.dumps(document))


def changed_table(env: DoctorEnv, name: str, change: Any) -> None:
    """Changes a table or view in Glue as somebody by hand."""
    glue, database = env.client("glue"), env.stack.options.database
    table = glue.get_table(DatabaseName=database, Name=name)["Table"]
    kept = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor", "ViewOriginalText")
    given = {key: table[key] for key in kept if key in table}
    change(given)
    glue.update_table(DatabaseName=database, TableInput=given)


@pytest.mark.slow
def test_what_is_not_as_setup_makes_it(env: DoctorEnv, due: Due) -> None:
    names = env.stack.names
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    env.client("iam").update_assume_role_policy(RoleName=names.role("stream"), PolicyDocument=document)
    changed_role(env, "partition", without="glue:BatchCreatePartition")
    changed_role(env, "transform", without="dynamodb:PartiQLUpdate")
    env.client("lambda").update_function_code(FunctionName=names.function("transform"), ZipFile=b"other code")
    env.client("lambda").update_function_configuration(FunctionName=names.function("partition"), MemorySize=128)
    env.client("glue").delete_table(DatabaseName=env.stack.options.database, Name="email_open")
    other = base64.b64encode(json.dumps({"originalSql": "SELECT 1 AS one", "columns": []}).encode()).decode()
    by_hand = f"/* Presto View: {other} */"
    changed_table(env, "sms_optout", lambda view: view.update(ViewOriginalText=by_hand))
    changed_table(env, "email_send", lambda view: view["StorageDescriptor"]["Columns"][0].update(Type="string"))
    changed_table(env, "email_click", lambda view: view["StorageDescriptor"]["Columns"].pop(1))
    changed_table(env, TABLE, _other_columns)
    env.client("cloudwatch").delete_alarms(AlarmNames=["due-late"])
    expiry = {"Enabled": False, "AttributeName": "expires_at"}
    env.client("dynamodb").update_time_to_live(TableName=names.status_table, TimeToLiveSpecification=expiry)
    checks = env.assert_problems(
        Expected("roles", r"due-stream-us-east-1 cannot be assumed by firehose.amazonaws.com", "due setup"),
        Expected("roles", r"due-partition-us-east-1 lacks glue:BatchCreatePartition \(on arn:aws:glue:", "due setup"),
        Expected("roles", r"due-transform-us-east-1 lacks dynamodb:PartiQLUpdate", "due setup"),
        Expected("resources", "function due-transform runs other code than this version's", "due setup"),
        Expected("resources", "function due-partition is not .*: MemorySize: 128 -> 256", "due setup"),
        Expected("views", "the view email_open is missing", "due setup"),
        Expected("views", "the view sms_optout is not as this version makes it: changed by hand", "due setup"),
        Expected("views", "email_send .*: event_timestamp string, not timestamp", "aws glue delete-table"),
        Expected("views", "email_click .*: no arrival_timestamp", "aws glue delete-table"),
        Expected(
            "resources",
            f"{TABLE} .*: without 1 column details; awsaccountid is bigint, not string; with 1 column more: extra",
            "due setup",
        ),
        Expected("resources", "alarm due-late is missing", "due setup"),
        Expected("resources", "status table due-message-status .*: TimeToLive: none -> expires_at", "due setup"),
    )
    env.fix(due, checks)
    quiet(env)
    env.assert_healthy()


def _other_columns(table: dict[str, Any]) -> None:
    columns = [one for one in table["StorageDescriptor"]["Columns"] if one["Name"] != "details"]
    for one in columns:
        if one["Name"] == "awsaccountid":
            one["Type"] = "bigint"
    table["StorageDescriptor"]["Columns"] = [*columns, {"Name": "extra", "Type": "string"}]


def quiet(env: DoctorEnv) -> None:
    """moto makes an alarm raised."""
    for alarm in env.client("cloudwatch").describe_alarms()["MetricAlarms"]:
        if alarm["StateValue"] != "OK":
            env.client("cloudwatch").set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="quiet")


def test_a_stream_a_role_and_a_permission_that_are_gone(env: DoctorEnv, due: Due) -> None:
    names = env.stack.names
    env.client("firehose").delete_delivery_stream(DeliveryStreamName=names.stream)
    env.client("iam").delete_role_policy(RoleName=names.role("ses"), PolicyName="due")
    env.client("iam").delete_role(RoleName=names.role("ses"))
    env.client("lambda").remove_permission(FunctionName=names.function("status-api"), StatementId="due-status-api")
    checks = env.assert_problems(
        Expected("resources", "delivery stream due-events is missing", "due setup"),
        Expected("resources", "function due-status-api is not .*: Permissions", "due setup"),
        Expected("roles", "role due-ses-us-east-1 is missing", "due setup"),
        Expected("delivery stream", "not checked: due-events is missing", "due setup", "warning"),
        Expected("status API", "/call answers 500 for a message that is not known", "aws logs tail"),
    )
    env.fix(due, checks)
    env.assert_healthy()


@pytest.mark.slow
def test_configuration_sets_that_do_not_reach_the_stream(env: DoctorEnv, due: Due) -> None:
    ses, emulator = env.client("sesv2"), env.emulator
    for name in ("deaf", "lost", "gone"):
        ses.create_configuration_set(ConfigurationSetName=name)
    [mail] = emulator.ses.destinations("mail")
    there = mail["KinesisFirehoseDestination"]
    elsewhere = {**there, "DeliveryStreamArn": env.stack.names.stream_arn.replace("due-events", "vanished")}
    emulator.ses.destinations("deaf").append({**mail, "Enabled": False, "MatchingEventTypes": ["SEND"]})
    emulator.ses.destinations("lost").append({**mail, "KinesisFirehoseDestination": elsewhere})
    emulator.ses.destinations("gone").append(to_project("gone"))
    emulator.ses.destinations("mail").append({**mail, "Name": "older"})
    mail["Enabled"] = False
    mail["KinesisFirehoseDestination"] = {**there, "IamRoleArn": "arn:aws:iam::123456789012:role/other"}
    ses.create_email_identity(EmailIdentity="bare.example.com")
    for name in ("gone", "lost"):
        ses.create_email_identity(EmailIdentity=f"{name}.example.com", ConfigurationSetName=name)
    about = "the event destination"
    sets, delete = "configuration sets", "aws sesv2 delete-configuration-set-event-destination"
    attach, straight = "due attach-config-set", "due attach-config-set gone --via firehose"
    checks = env.assert_problems(
        Expected(sets, "mail reaches the stream twice, by event-database and older", delete),
        Expected(sets, f"{about} mail/event-database is disabled", "due attach-config-set mail"),
        Expected(sets, f"{about} mail/event-database uses the role other, not due-ses", "due attach-config-set mail"),
        Expected(sets, f"{about} deaf/event-database is disabled", "due attach-config-set deaf"),
        Expected(sets, f"{about} lost/.* the delivery stream vanished, which does not exist", f"{attach} lost"),
        Expected(sets, f"{about} gone/.* the Pinpoint project gone, and Pinpoint is unavailable", straight),
        Expected(
            *("identities", "mail of bare.example.com has no configuration set"),
            *("aws sesv2 put-email-identity-configuration-set-attributes --email-identity bare.example.com", "warning"),
        ),
        Expected("identities", "mail of gone.example.com has the set gone, whose events", straight, "warning"),
        Expected("identities", "mail of lost.example.com has the set lost, whose events", f"{attach} lost", "warning"),
    )
    env.fix(due, checks)
    env.assert_healthy()
    ses.delete_configuration_set_event_destination(ConfigurationSetName="lost", EventDestinationName="event-database")
    env.assert_problems(
        Expected("identities", "lost.example.com has the set lost", "due attach-config-set lost", "warning")
    )
    for identity in ("bare.example.com", "gone.example.com", "lost.example.com"):
        ses.delete_email_identity(EmailIdentity=identity)
    for name in ("deaf", "lost", "gone"):
        ses.delete_configuration_set(ConfigurationSetName=name)


@pytest.mark.slow
def test_no_configuration_set_is_attached_any_more(env: DoctorEnv, due: Due) -> None:
    env.client("sesv2").delete_configuration_set_event_destination(
        ConfigurationSetName="mail", EventDestinationName="event-database"
    )
    checks = env.assert_problems(
        Expected("configuration sets", "none of 1 configuration set sends", "due attach-config-set --all", "warning"),
        Expected("identities", "example.com has the set mail", "due attach-config-set mail", "warning"),
    )
    env.fix(due, checks)
    env.assert_healthy()


@pytest.mark.slow
def test_projects_of_the_stack_that_lead_elsewhere(env: DoctorEnv, due: Due) -> None:
    env.emulator.pinpoint.gone = Gone.NO
    pinpoint, names = env.client("pinpoint"), env.stack.names
    shop, blog, news = (a_project(env, name) for name in ("shop", "blog", "news"))
    other = names.stream_arn.replace("due-events", "other")
    for project, stream in ((blog, other), (news, names.stream_arn)):
        given = {"DestinationStreamArn": stream, "RoleArn": names.role_arn("ses")}
        pinpoint.put_event_stream(ApplicationId=project, WriteEventStream=given)
    env.client("sesv2").create_configuration_set(ConfigurationSetName="gone")
    env.emulator.ses.destinations("gone").append(to_project("gone"))
    checks = env.assert_problems(
        Expected("Pinpoint", f"the project shop .{shop}. has no event stream", f"due attach-project {shop}"),
        Expected("Pinpoint", f"blog .{blog}. sends its events to other, not to due-events", "aws pinpoint"),
        Expected(
            "Pinpoint", "news .* uses the role due-ses-us-east-1, not due-pinpoint-us-east-1", "due attach-project"
        ),
        Expected("roles", "role due-pinpoint-us-east-1 is missing", "due setup"),
        Expected("configuration sets", "gone/.* the Pinpoint project gone, which does not exist", "due attach-"),
    )
    env.fix(due, checks)
    env.emulator.flush()
    env.assert_healthy()
    env.client("sesv2").delete_configuration_set(ConfigurationSetName="gone")
    for project in (shop, blog, news):
        pinpoint.delete_app(ApplicationId=project)
    env.emulator.pinpoint.gone = Gone.FORBIDDEN


def a_project(env: DoctorEnv, name: str) -> str:
    """A project that the stack made; its id."""
    asked = {"Name": name, "tags": {"due:stack": "due"}}
    made = env.client("pinpoint").create_app(CreateApplicationRequest=asked)
    return str(made["ApplicationResponse"]["Id"])


def to_project(project: str) -> dict[str, Any]:
    """An event destination to a project."""
    arn = f"arn:aws:mobiletargeting:us-east-1:123456789012:apps/{project}"
    return {
        "Name": "event-database",
        "Enabled": True,
        "MatchingEventTypes": ["SEND"],
        "PinpointDestination": {"ApplicationArn": arn},
    }


def test_what_logs_metrics_and_alarms_say(env: DoctorEnv) -> None:
    names = env.stack.names
    env.log(
        names.log_group("transform"),
        "today",
        "[ERROR] KeyError: 'dora@post.example.net called +49 170 1234567'\rTraceback (most recent call last):",
        "[ERROR] KeyError: 'dora@post.example.net called +49 170 1234567'\rTraceback (most recent call last):",
        '{"function": "transform", "batch": 2}',
    )
    env.log(names.log_group("partition"), "today", "2026-11-22T03:04:05Z 0a1b Task timed out after 60.00 seconds")
    env.log(names.log_group("status-api"), "today", "[ERROR] ClientError: An error occurred (AccessDeniedException)")
    env.log(
        names.stream_log_group,
        "DestinationDelivery",
        {"message": "Access was denied when calling Glue.", "errorCode": "DataFormatConversion.GlueAccessDenied"},
        {"message": "The bucket is slow.", "errorCode": "S3.InternalError"},
    )
    env.put_metric("AWS/Lambda", "Throttles", {"FunctionName": names.function("partition")}, 3)
    env.put_metric("AWS/Firehose", "DeliveryToS3.DataFreshness", {"DeliveryStreamName": names.stream}, 7200)
    env.client("cloudwatch").set_alarm_state(AlarmName="due-late", StateValue="ALARM", StateReason="7200 > 1800")
    tail = "aws logs tail"
    checks = env.assert_problems(
        Expected("functions", r"due-transform failed 2 times .*: KeyError: '\*\*\* called \*\*\*'$", tail),
        Expected("functions", "due-partition failed once .*: Task timed out after 60.00 seconds$", tail),
        Expected("functions", "due-status-api failed .*AccessDeniedException", "due setup"),
        Expected("functions", "due-partition was throttled 3 times", "aws lambda get-account-settings", "warning"),
        Expected("deliveries", "failed once .*DataFormatConversion.GlueAccessDenied: Access was", "due setup"),
        Expected("deliveries", "S3.InternalError: The bucket is slow.", tail),
        Expected("delivery stream", "the oldest record has waited 120 minutes", tail),
        Expected("alarms", "due-late is raised: 7200 > 1800", "aws cloudwatch describe-alarm-history", "warning"),
    )
    assert not [check for check in checks if "dora" in check.found or "1234567" in check.found]
    forget(env)
    env.assert_healthy()


def forget(env: DoctorEnv) -> None:
    """Log lines and metrics of a test are gone."""
    logs, names = env.client("logs"), env.stack.names
    for name in ("transform", "partition", "status-api"):
        logs.delete_log_stream(logGroupName=names.log_group(name), logStreamName="today")
    logs.delete_log_stream(logGroupName=names.stream_log_group, logStreamName="DestinationDelivery")
    logs.create_log_stream(logGroupName=names.stream_log_group, logStreamName="DestinationDelivery")
    cloudwatch_backends[ACCOUNT]["us-east-1"].metric_data.clear()
    quiet(env)


@pytest.mark.slow
def test_what_waits_in_the_bucket(env: DoctorEnv, due: Due) -> None:
    """Failed records, events that the partition function gave up on, and an hour that is no partition."""
    s3, bucket = env.client("s3"), env.stack.names.bucket
    place = "errors/processing-failed/2026/11/22/03/"
    for name in ("one", "two"):
        s3.put_object(Bucket=bucket, Key=f"{place}{name}", Body=b'{"rawData": "e30=", "errorCode": "x"}\n')
    keys = s3_backends[ACCOUNT][PARTITION].buckets[bucket].keys
    [delivery] = [name for name in keys if name.startswith("events/")]
    event = keys[delivery]
    undone = {
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": {"Records": [{"eventName": "ObjectCreated:Put", "s3": place_of(bucket, delivery)}]},
    }
    s3.put_object(Bucket=bucket, Key="aws/lambda/async/due-partition/2026/event", Body=json.dumps(undone).encode())
    glue, hours = env.client("glue"), {"DatabaseName": env.stack.options.database, "TableName": TABLE}
    [partition] = glue.get_partitions(**hours)["Partitions"]
    glue.delete_partition(**hours, PartitionValues=partition["Values"])
    delivered, event.last_modified = event.last_modified, event.last_modified - timedelta(days=3)
    failed, undone_too, *_ = env.assert_problems(
        Expected("failed records", f"2 objects .* under s3://{bucket}/errors/, the newest of 20", "due failed list"),
        Expected("failed records", "the partition function gave up on 1 event", "due failed replay", "warning"),
        Expected("partitions", f"1 hour .* without a partition: {partition['Values'][0]}", "due doctor --repair"),
        Expected("delivery stream", "due-events delivered last 20..-..-..$", "due doctor --send-test", "warning"),
    )
    event.last_modified = delivered
    ran = due("doctor", "--repair", "-o", "json").failed(7)
    assert ran.json[0] == {
        "check": "repair",
        "outcome": "ok",
        "found": f"added 1 partition: {partition['Values'][0]}",
        "mend": None,
        "code": "repair",
    }
    left = [(check["check"], check["mend"]) for check in ran.json if check["outcome"] != "ok"]
    assert left == [("failed records", failed.fix), ("failed records", undone_too.fix)]
    for name in ("one", "two"):
        s3.delete_object(Bucket=bucket, Key=f"{place}{name}")
    env.fix(due, [undone_too])
    env.assert_healthy()


def test_what_due_ingest_wrote_is_no_delivery(env: DoctorEnv) -> None:
    bucket = env.stack.names.bucket
    objects = s3_backends[ACCOUNT][PARTITION].buckets[bucket].keys
    [delivery] = [name for name in objects if name.startswith("events/")]
    ingested = f"{delivery.rpartition('/')[0]}/ingest-0.parquet"
    env.client("s3").copy_object(Bucket=bucket, Key=ingested, CopySource={"Bucket": bucket, "Key": delivery})
    env.assert_healthy()
    event = objects[delivery]
    delivered, event.last_modified = event.last_modified, event.last_modified - timedelta(days=3)
    env.assert_problems(
        Expected("delivery stream", "due-events delivered last 20..-..-..$", "due doctor --send-test", "warning")
    )
    event.last_modified = delivered
    env.client("s3").delete_object(Bucket=bucket, Key=ingested)
    env.assert_healthy()


def place_of(bucket: str, key: str) -> dict[str, Any]:
    """An object as an event of S3's names it."""
    return {"bucket": {"name": bucket}, "object": {"key": key}}


@pytest.mark.slow
def test_a_report_that_fails(env: DoctorEnv, due: Due) -> None:
    statistics = {"BytesScannedCutoffPerQuery": 10_000_000}
    env.client("athena").update_work_group(WorkGroup="due", State="DISABLED", ConfigurationUpdates=statistics)
    env.emulator.faults.refuse("athena:StartQueryExecution", "InvalidRequestException", "WorkGroup due is disabled.")
    checks = env.assert_problems(
        Expected("report", "WorkGroup due is disabled"),
        Expected("resources", "workgroup due is not .*: BytesScannedCutoffPerQuery", "due setup"),
    )
    env.emulator.faults.clear()
    env.fix(due, checks[1:])
    env.client("athena").update_work_group(WorkGroup="due", State="ENABLED")
    env.assert_healthy()
