"""What a stack is made of: its options as resources, each with what it needs to be there first.

The guide's template has the bucket, the catalog, the stream with its role, the partition function and, where Pinpoint
answers, the project; the blog's has the transform, the status table and its API (design: architecture).
"""

from __future__ import annotations

import uuid

from due_cli.aws.client import Aws
from due_cli.aws.pipeline import usage
from due_cli.aws.resources.alarm import Alarm, Comparison, Statistic, Topic
from due_cli.aws.resources.bucket import Bucket
from due_cli.aws.resources.catalog import Database, Table
from due_cli.aws.resources.function import Function, Permission
from due_cli.aws.resources.http_api import HttpApi
from due_cli.aws.resources.log_group import LogGroup
from due_cli.aws.resources.notification import Notification
from due_cli.aws.resources.partitions import Partitions
from due_cli.aws.resources.resource import Node, Resource
from due_cli.aws.resources.role import Role
from due_cli.aws.resources.status_table import StatusTable
from due_cli.aws.resources.stream import DeliveryStream
from due_cli.aws.resources.view import View
from due_cli.aws.resources.workgroup import Workgroup
from due_cli.aws.stack import config_sets, policies
from due_cli.aws.stack.names import ERRORS, EVENTS, RESULTS, Names
from due_cli.aws.stack.options import OPTIONS_VARIABLE, Options
from due_cli.aws.stack.package import Package
from due_cli.aws.tags import DATABASE
from due_cli.sql import files

TABLE = "all_events"
EXPIRES = "expires_at"
_LOG_STREAM = "DestinationDelivery"
_BUCKET_LANE = "bucket"
_API_TIMEOUT_SECONDS = 10
_TRANSFORM_TIMEOUT_SECONDS = 300  # as long as Firehose waits for an answer
_PARTITION_TIMEOUT_SECONDS = 60
_STAND_IN = {"transform": "partition", "partition": "status-api", "status-api": "transform"}  # whose role serves


def desired(names: Names, options: Options, code: Package) -> list[Node[Aws]]:
    """Every resource of a stack, in an order in which each comes after what it needs."""
    stack = _Stack(names, options, code)
    return [
        *stack.storage(),
        *stack.views(),
        *stack.functions(),
        *stack.stream(),
        *stack.status_api(),
        *stack.alarms(),
    ]


def unwanted(names: Names, options: Options) -> list[Node[Aws]]:
    """What a stack has of other options than these, to be removed where it is there."""
    if options.alarm_email:
        return []
    return [_node("topic", Topic(names.topic, names.arn("sns", names.topic), None, options.tags_of(names.stack)))]


def kept_hours(names: Names, options: Options) -> Node[Aws]:
    """The partitions of what a teardown has left in the bucket, or of a table that is made anew."""
    return _node("partitions", Partitions(options.database, TABLE, names.bucket, EVENTS), "bucket", "table")


class _Stack:
    def __init__(self, names: Names, options: Options, code: Package) -> None:
        self._names, self._options, self._code = names, options, code
        self._tags = options.tags_of(names.stack)

    def storage(self) -> list[Node[Aws]]:
        """Where events, statuses and results are kept."""
        names, options, tags = self._names, self._options, self._tags
        ddl = files.query("tables", TABLE).sql
        columns, keys = tuple(files.hive_columns(ddl)), tuple(files.hive_partition_keys(ddl))
        location, results = f"s3://{names.bucket}/{EVENTS}", f"s3://{names.bucket}/{RESULTS}"
        bucket = Bucket(
            names.bucket,
            names.region,
            policies.tls_only(names),
            RESULTS,
            options.results_days,
            options.kms_key,
            tags,
        )
        return [
            _node("bucket", bucket, serial_group=_BUCKET_LANE),
            _node(
                "database",
                Database(options.database, names.arn("glue", f"database/{options.database}"), tags),
                "transform-role",  # which says which database it is, before there is a function that does
            ),
            _node("table", Table(options.database, TABLE, columns, keys, location), "database"),
            _node(
                "workgroup",
                Workgroup(
                    names.workgroup,
                    names.arn("athena", f"workgroup/{names.workgroup}"),
                    results,
                    options.scan_cutoff_bytes,
                    options.kms_key,
                    tags,
                ),
                "bucket",
            ),
            _node(
                "status-table",
                StatusTable(names.status_table, names.status_table_arn, EXPIRES, options.kms_key, tags),
            ),
        ]

    def views(self) -> list[Node[Aws]]:
        """The guide's views on the table."""
        database, workgroup = self._options.database, self._names.workgroup
        return [
            _node(f"view-{name}", View(database, name, files.query("views", name).sql, workgroup), "table", "workgroup")
            for name in files.names("views")
        ]

    def functions(self) -> list[Node[Aws]]:
        """The transform, and the partition function with what calls it."""
        names, options = self._names, self._options
        notifies = Permission("due-new-objects", "s3", names.bucket_arn, names.account)
        return [
            *self._function(
                "transform",
                policies.transform_rights(names, options.kms_key),
                _TRANSFORM_TIMEOUT_SECONDS,
                memory_mb=options.transform_memory_mb,
                concurrency=options.transform_concurrency,
            ),
            *self._function(
                "partition",
                policies.partition_rights(names, options.database, options.kms_key),
                _PARTITION_TIMEOUT_SECONDS,
                permissions=(notifies,),
                on_failure_arn=names.bucket_arn,
            ),
            _node(
                "notification",
                Notification("due-new-objects", names.bucket, EVENTS, names.function_arn("partition")),
                *("bucket", "partition"),
                serial_group=_BUCKET_LANE,
            ),
        ]

    def stream(self) -> list[Node[Aws]]:
        """The delivery stream, its log, and the roles of those that put records into it."""
        names, options, tags = self._names, self._options, self._tags
        stream = DeliveryStream(
            names.stream,
            names.role_arn("stream"),
            names.bucket_arn,
            EVENTS,
            ERRORS,
            names.function_arn("transform"),
            options.database,
            TABLE,
            names.region,
            options.buffer_mb,
            options.buffer_seconds,
            names.stream_log_group,
            _LOG_STREAM,
            options.kms_key,
            tags,
        )
        rights = policies.stream_rights(names, options.database, options.kms_key)
        return [
            _node("stream-log", self._log_group(names.stream_log_group, _LOG_STREAM)),
            _node("stream-role", Role(names.role("stream"), policies.trust("firehose", names), rights, tags)),
            _node("stream", stream, "bucket", "table", "transform", "stream-log", "stream-role"),
            config_sets.role(names, tags, options.kms_key),
        ]

    def status_api(self) -> list[Node[Aws]]:
        """The status API and its function."""
        names = self._names
        called = names.arn("execute-api", "*/*/GET/call")
        permission = Permission("due-status-api", "apigateway", called)
        return [
            *self._function(
                "status-api",
                policies.status_api_rights(names, self._options.kms_key),
                _API_TIMEOUT_SECONDS,
                permissions=(permission,),
            ),
            _node(
                "api",
                HttpApi(
                    names.api,
                    names.arn("apigateway", "/apis/", account=False),
                    names.function_arn("status-api"),
                    self._tags,
                ),
                "status-api",
            ),
        ]

    def alarms(self) -> list[Node[Aws]]:
        """What somebody should look at, mailed where an address was given."""
        names, options = self._names, self._options
        topic = names.arn("sns", names.topic) if options.alarm_email else None
        nodes = [
            self._alarm(
                f"{name}-{what.lower()}", f"{about}", "AWS/Lambda", what, ("FunctionName", names.function(name))
            )
            for name in ("transform", "partition", "status-api")
            for what, about in (("Errors", f"the {name} function failed"), ("Throttles", f"the {name} function waits"))
        ]
        firehose = ("DeliveryStreamName", names.stream)
        nodes += [
            self._alarm(
                *("late", "events wait for delivery", "AWS/Firehose", "DeliveryToS3.DataFreshness", firehose),
                threshold=1800,
                statistic="Maximum",
            ),
            self._alarm(
                *("undelivered", "S3 took not every delivery", "AWS/Firehose", "DeliveryToS3.Success", firehose),
                threshold=1,
                statistic="Average",
                comparison="LessThanThreshold",
            ),
            self._alarm("refused", "the stream takes no more", "AWS/Firehose", "ThrottledRecords", firehose),
            self._alarm("lost-form", "rows could not be stored", "AWS/Firehose", "FailedConversion.Records", firehose),
        ]
        if topic and options.alarm_email:
            nodes.insert(0, _node("topic", Topic(names.topic, topic, options.alarm_email, self._tags)))
        return nodes

    def _function(
        self,
        name: str,
        rights: policies.Policy,
        timeout_seconds: int,
        *,
        memory_mb: int = 256,
        concurrency: int | None = None,
        permissions: tuple[Permission, ...] = (),
        on_failure_arn: str | None = None,
    ) -> list[Node[Aws]]:
        """A function after its log group, which it may not make itself, and its role."""
        names, tags, stand_in = self._names, self._tags, _STAND_IN[name]
        telling = {DATABASE: self._options.database} if name == "transform" else {}
        function = Function(
            names.function(name),
            names.function_arn(name),
            names.role_arn(name),
            names.role_arn(stand_in),
            f"due_cli.lambdas.{name.replace('-', '_')}.handler",
            self._code.content,
            self._code.sha256,
            {**self._environment(), **(self._usage() if name == "partition" else {})},
            memory_mb,
            timeout_seconds,
            tags,
            concurrency,
            permissions,
            on_failure_arn,
        )
        return [
            _node(f"{name}-log", self._log_group(names.log_group(name))),
            _node(f"{name}-role", Role(names.role(name), policies.trust("lambda", names), rights, {**tags, **telling})),
            _node(name, function, f"{name}-log", f"{name}-role", *(["bucket"] if on_failure_arn else [])),
        ]

    def _log_group(self, name: str, *streams: str) -> LogGroup:
        arn = self._names.arn("logs", f"log-group:{name}")
        return LogGroup(name, arn, self._options.log_days, self._tags, streams)

    def _environment(self) -> dict[str, str]:
        names, options = self._names, self._options
        return {
            "DUE_STATUS_TABLE": names.status_table,
            "DUE_STATUS_DAYS": str(options.status_days),
            "DUE_STREAM": names.stream,
            "DUE_BUCKET": names.bucket,
            "DUE_DATABASE": options.database,
            "DUE_TABLE": TABLE,
            OPTIONS_VARIABLE: options.packed(),
        }

    def _usage(self) -> dict[str, str]:
        """Where counts of use are sent, if anywhere, and the deployment's UUID: of what it is, so that it stays."""
        endpoint = self._options.usage_endpoint
        deployment = str(uuid.uuid5(uuid.NAMESPACE_URL, self._names.bucket_arn))
        return {usage.ENDPOINT: endpoint, usage.DEPLOYMENT: deployment} if endpoint else {}

    def _alarm(
        self,
        name: str,
        about: str,
        namespace: str,
        metric: str,
        dimension: tuple[str, str],
        threshold: float = 0,
        statistic: Statistic = "Sum",
        comparison: Comparison = "GreaterThanThreshold",
    ) -> Node[Aws]:
        names, options = self._names, self._options
        topic = names.arn("sns", names.topic) if options.alarm_email else None
        alarm = Alarm(
            names.alarm(name),
            names.arn("cloudwatch", f"alarm:{names.alarm(name)}"),
            about,
            namespace,
            metric,
            dimension,
            statistic,
            threshold,
            1,
            topic,
            self._tags,
            comparison,
        )
        return _node(f"alarm-{name}", alarm, *(["topic"] if topic else []))


def _node(key: str, resource: Resource[Aws], *needs: str, serial_group: str = "") -> Node[Aws]:
    return Node(key, resource, frozenset(needs), serial_group)
