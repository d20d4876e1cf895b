"""The resources of a stack, each with its settings and with what must exist before it: the whole footprint on AWS.

The guide's template has the bucket, the catalog, the stream with its role, the partition function and, where Pinpoint
answers, the project (``projects.py``); the blog's has the transform, the status table and its API.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from due_cli.aws.client import Aws
from due_cli.aws.pipeline import usage
from due_cli.aws.pipeline.status_item import EXPIRES_AT
from due_cli.aws.resources.alarm import Alarm
from due_cli.aws.resources.bucket import Bucket
from due_cli.aws.resources.catalog import CatalogDatabase, CatalogTable
from due_cli.aws.resources.function import Function, Permission
from due_cli.aws.resources.http_api import HttpApi
from due_cli.aws.resources.log_group import LogGroup
from due_cli.aws.resources.notification import Notification
from due_cli.aws.resources.partitions import Partitions
from due_cli.aws.resources.resource import Node, Resource
from due_cli.aws.resources.role import Role
from due_cli.aws.resources.status_table import StatusTableResource
from due_cli.aws.resources.stream import DeliveryStream
from due_cli.aws.resources.topic import Topic
from due_cli.aws.resources.view import AthenaView
from due_cli.aws.resources.workgroup import Workgroup
from due_cli.aws.stack import policies
from due_cli.aws.stack.alarms import Signal, metric_filters, signals
from due_cli.aws.stack.names import ERRORS, EVENTS, RESULTS, Names
from due_cli.aws.stack.options import OPTIONS_VARIABLE, Options
from due_cli.aws.stack.package import Package
from due_cli.aws.stack.routes import ses_role, sms_role, topic_role
from due_cli.aws.tags import DATABASE_TAG
from due_cli.sql import files
from due_cli.sql.files import TABLE

_LOG_STREAM = "DestinationDelivery"
# Lambda caches the principal behind a role's ARN: a function whose role was made anew gets another function's role
# for a moment, and then its own again.
_TEMPORARY_ROLE = {"transform": "partition", "partition": "status-api", "status-api": "transform"}


def desired(names: Names, options: Options, code: Package) -> list[Node[Aws]]:
    """Every resource of a stack, in an order in which each comes after those that it depends on."""
    return [
        *_storage(names, options),
        *_views(names, options),
        *_transform(names, options, code),
        *_partition(names, options, code),
        *_stream(names, options),
        *_status_api(names, options, code),
        *_alarms(names, options),
    ]


def obsolete(names: Names, options: Options) -> list[Node[Aws]]:
    """The resources that the stack has only with other options, and that setup deletes if they exist."""
    return [] if options.alarm_email else [_topic(names, options)]


def existing_partitions(names: Names, options: Options) -> Node[Aws]:
    """The partitions of events that a teardown left in the bucket, or of a table that is created anew."""
    partitions = Partitions(database=options.database, name=TABLE, bucket=names.bucket, events=EVENTS)
    return _node("partitions", partitions, "bucket", "table")


def _storage(names: Names, options: Options) -> list[Node[Aws]]:
    tags = options.tags_of(names.stack)
    ddl = files.query("tables", TABLE).sql
    # Events, failed records and query results; only the results expire.
    bucket = Bucket(
        name=names.bucket,
        region=names.region,
        statement=policies.tls_only(names),
        results=RESULTS,
        results_days=options.results_days,
        kms_key=options.kms_key,
        tags=tags,
    )
    database = CatalogDatabase(name=options.database, arn=names.arn("glue", f"database/{options.database}"), tags=tags)
    # Every event as one row, which the views, the reports and the user's own queries read.
    table = CatalogTable(
        database=options.database,
        name=TABLE,
        columns=tuple(files.hive_columns(ddl)),
        partition_keys=tuple(files.hive_partition_keys(ddl)),
        location=f"s3://{names.bucket}/{EVENTS}",
    )
    # Queries of the stack have a scan limit and a location for results of their own.
    workgroup = Workgroup(
        name=names.workgroup,
        arn=names.arn("athena", f"workgroup/{names.workgroup}"),
        results=f"s3://{names.bucket}/{RESULTS}",
        cutoff_bytes=options.scan_cutoff_bytes,
        kms_key=options.kms_key,
        tags=tags,
    )
    # One item per message, which due status and the HTTP API read.
    status_table = StatusTableResource(
        name=names.status_table,
        arn=names.status_table_arn,
        expires=EXPIRES_AT,
        kms_key=options.kms_key or None,
        tags=tags,
    )
    return [
        _node("bucket", bucket, serial_group="bucket"),
        _node("database", database, "transform-role"),  # whose tag names the database before the function can
        _node("table", table, "database"),
        _node("workgroup", workgroup, "bucket"),
        _node("status-table", status_table),
    ]


def _views(names: Names, options: Options) -> list[Node[Aws]]:
    """The guide's views of the table."""
    views = (
        AthenaView(database=options.database, name=name, sql=files.query("views", name).sql, workgroup=names.workgroup)
        for name in files.names("views")
    )
    return [_node(f"view-{view.name}", view, "table", "workgroup") for view in views]


def _transform(names: Names, options: Options, code: Package) -> list[Node[Aws]]:
    """The function that turns records into rows and keeps the statuses, called by the stream."""
    return _function(
        "transform",
        names,
        options,
        code,
        rights=policies.transform_rights(names, options.kms_key),
        role_tags={DATABASE_TAG: options.database},
        memory_mb=options.transform_memory_mb,
        timeout_seconds=300,  # as long as Firehose waits for an answer
        concurrency=options.transform_concurrency,
    )


def _partition(names: Names, options: Options, code: Package) -> list[Node[Aws]]:
    """The function that adds the partition of each new hour, called by the bucket."""
    environment = {}
    if options.usage_endpoint:  # the deployment's UUID follows from what it is, and so stays the same
        deployment = str(uuid.uuid5(uuid.NAMESPACE_URL, names.bucket_arn))
        environment = {usage.ENDPOINT: options.usage_endpoint, usage.DEPLOYMENT: deployment}
    bucket_calls = Permission(sid="due-new-objects", service="s3", source_arn=names.bucket_arn, account=names.account)
    notification = Notification(
        name="due-new-objects", bucket=names.bucket, prefix=EVENTS, function_arn=names.function_arn("partition")
    )
    return [
        *_function(
            "partition",
            names,
            options,
            code,
            rights=policies.partition_rights(names, options),
            environment=environment,
            timeout_seconds=60,
            permissions=(bucket_calls,),
            on_failure_arn=names.bucket_arn,
        ),
        _node("notification", notification, "bucket", "partition", serial_group="bucket"),
    ]


def _stream(names: Names, options: Options) -> list[Node[Aws]]:
    """The delivery stream with its log and its role, and the roles in which senders put records into it."""
    tags = options.tags_of(names.stack)
    role = Role(
        name=names.role("stream"),
        trust=policies.stream_trust(names),
        rights=policies.stream_rights(names, options),
        boundary=options.permissions_boundary,
        tags=tags,
    )
    stream = DeliveryStream(
        name=names.stream,
        role_arn=names.role_arn("stream"),
        bucket_arn=names.bucket_arn,
        events=EVENTS,
        errors=ERRORS,
        function_arn=names.function_arn("transform"),
        database=options.database,
        table=TABLE,
        region=names.region,
        buffer_mb=options.buffer_mb,
        buffer_seconds=options.buffer_seconds,
        transform_buffer_seconds=options.status_delay,
        log_group=names.stream_log_group,
        log_stream=_LOG_STREAM,
        kms_key=options.kms_key,
        tags=tags,
    )
    return [
        _node("stream-log", _log_group(names, options, names.stream_log_group, _LOG_STREAM)),
        _node("stream-role", role),
        _node("stream", stream, "bucket", "table", "transform", "stream-log", "stream-role"),
        *(make(names, options) for make in (ses_role, sms_role, topic_role)),
    ]


def _status_api(names: Names, options: Options, code: Package) -> list[Node[Aws]]:
    """The HTTP API that answers with a message's status, and its function."""
    source_arn = names.arn("execute-api", "*/*/GET/call")  # any API and stage of the account, the route GET /call
    api = HttpApi(
        name=names.api,
        arn_prefix=names.arn("apigateway", "/apis/", account=False),
        function_arn=names.function_arn("status-api"),
        tags=options.tags_of(names.stack),
    )
    return [
        *_function(
            "status-api",
            names,
            options,
            code,
            rights=policies.status_api_rights(names, options.kms_key),
            timeout_seconds=10,
            permissions=(Permission(sid="due-status-api", service="apigateway", source_arn=source_arn),),
        ),
        _node("api", api, "status-api"),
    ]


def _alarms(names: Names, options: Options) -> list[Node[Aws]]:
    """The alarms of the stack, the metrics that logs give and, if an email address was given, the topic."""
    return [
        *([_topic(names, options)] if options.alarm_email else []),
        *(_node(f"metric-{key}", one, f"{source}-log") for key, (source, one) in metric_filters(names).items()),
        *(_alarm(names, options, signal) for signal in signals(names)),
    ]


def _function(
    key: str,
    names: Names,
    options: Options,
    code: Package,
    *,
    rights: policies.Policy,
    timeout_seconds: int,
    role_tags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    memory_mb: int = 256,
    concurrency: int | None = None,
    permissions: tuple[Permission, ...] = (),
    on_failure_arn: str | None = None,
) -> list[Node[Aws]]:
    """A function after its log group, which it may not create itself, and its role."""
    tags = options.tags_of(names.stack)
    role = Role(
        name=names.role(key),
        trust=policies.trust("lambda", names),
        rights=rights,
        boundary=options.permissions_boundary,
        tags={**tags, **(role_tags or {})},
    )
    function = Function(
        name=names.function(key),
        arn=names.function_arn(key),
        role_arn=names.role_arn(key),
        stand_in_arn=names.role_arn(_TEMPORARY_ROLE[key]),
        handler=f"due_cli.lambdas.{key.replace('-', '_')}.handler",
        content=code.content,
        sha256=code.sha256,
        environment={
            "DUE_STATUS_TABLE": names.status_table,
            "DUE_STATUS_DAYS": str(options.status_days),
            "DUE_STREAM": names.stream,
            "DUE_BUCKET": names.bucket,
            "DUE_DATABASE": options.database,
            "DUE_TABLE": TABLE,
            OPTIONS_VARIABLE: options.encode(),
            **(environment or {}),
        },
        kms_key=options.kms_key,
        memory_mb=memory_mb,
        timeout_seconds=timeout_seconds,
        concurrency=concurrency,
        permissions=permissions,
        on_failure_arn=on_failure_arn,
        tags=tags,
    )
    bucket = ["bucket"] if on_failure_arn else []
    return [
        _node(f"{key}-log", _log_group(names, options, names.log_group(key))),
        _node(f"{key}-role", role),
        _node(key, function, f"{key}-log", f"{key}-role", *bucket),
    ]


def _log_group(names: Names, options: Options, name: str, *streams: str) -> LogGroup:
    return LogGroup(
        name=name,
        arn=names.arn("logs", f"log-group:{name}"),
        retention_days=options.log_days,
        kms_key=options.kms_key,
        streams=streams,
        tags=options.tags_of(names.stack),
    )


def _alarm(names: Names, options: Options, signal: Signal) -> Node[Aws]:
    alarm = Alarm(
        name=names.alarm(signal.key),
        arn=names.arn("cloudwatch", f"alarm:{names.alarm(signal.key)}"),
        description=f"{signal.meaning}. Run: {names.command_anywhere(signal.command)}",
        metric=signal.metric,
        threshold=signal.threshold,
        comparison=signal.comparison,
        topic_arn=names.arn("sns", names.topic) if options.alarm_email else None,
        tags=options.tags_of(names.stack),
    )
    topic = ["topic"] if options.alarm_email else []
    metric = [signal.depends_on] if signal.depends_on else []
    return _node(f"alarm-{signal.key}", alarm, *topic, *metric)


def _topic(names: Names, options: Options) -> Node[Aws]:
    topic = Topic(
        name=names.topic,
        arn=names.arn("sns", names.topic),
        email=options.alarm_email,
        kms_key=options.kms_key,
        tags=options.tags_of(names.stack),
    )
    return _node("topic", topic)


def _node(key: str, resource: Resource[Aws], *depends_on: str, serial_group: str = "") -> Node[Aws]:
    return Node(key, resource, depends_on=frozenset(depends_on), serial_group=serial_group)
