"""Mutants of what a stack on AWS is made of, and of how it is made and removed."""

from __future__ import annotations

from tests.mutants.model import Mutant

ACCOUNT = "tests/scenarios/test_account.py"
DRIFT = "tests/scenarios/test_drift.py"
SETUP = "tests/scenarios/test_setup.py"
FAILURES = "tests/scenarios/test_failures.py"
OWNERSHIP = "tests/scenarios/test_ownership.py"
SENDERS = "tests/aws/stack/test_senders.py"
SMS_SETS = "tests/aws/stack/test_sms_sets.py"
TOPICS = "tests/aws/stack/test_topics.py"
TRACKING = "tests/aws/stack/test_tracking.py"
RETRY = "tests/aws/test_retry.py"
EXECUTE = "tests/aws/stack/test_execute.py"
OMISSIONS = "tests/aws/stack/test_omissions.py"
POISON = "tests/lambdas/test_poison.py"
REUSE = "tests/aws/athena/test_reuse.py"
INGEST = "tests/aws/test_ingest.py"
PARTITION = "tests/lambdas/test_partition.py"
TRANSFORM = "tests/lambdas/test_transform.py"
_BUCKET, _ALARMS, _POLICIES = (
    "due_cli/aws/resources/bucket.py",
    "due_cli/aws/stack/alarms.py",
    "due_cli/aws/stack/policies.py",
)

STACKS = (
    Mutant(
        "stack setting",
        "events expire as query results do",
        _BUCKET,
        '"Filter": {"Prefix": self.results},',
        '"Filter": {"Prefix": ""},',
        ACCOUNT,
    ),
    Mutant(
        "stack setting",
        "what comes without TLS is let in",
        _POLICIES,
        '"Condition": {"Bool": {"aws:SecureTransport": "false"}}',
        '"Condition": {"Bool": {"aws:SecureTransport": "true"}}',
        ACCOUNT,
    ),
    Mutant(
        "stack setting",
        "any account's service takes a role on",
        _POLICIES,
        '{"StringEquals": {"aws:SourceAccount": names.account}}',
        "{}",
        ACCOUNT,
    ),
    Mutant(
        "report",
        "a result is reused that was read before the last change",
        "due_cli/aws/athena/reuse.py",
        "now - newest - _LONGEST_QUERY",
        "now - newest",
        REUSE,
    ),
    Mutant(
        "stack setting",
        "only the first page of a stream's tags is read",
        "due_cli/aws/resources/stream.py",
        'if not page["HasMoreTags"] or not page["Tags"]:',
        "if True:",
        OMISSIONS,
    ),
    Mutant(
        "stream",
        "a bug in the reading of one record fails its batch",
        "due_cli/aws/pipeline/records.py",
        "except Exception as bug:",
        "except ArithmeticError as bug:",
        POISON,
    ),
    Mutant(
        "stack setting",
        "the alarm on late events watches another metric",
        _ALARMS,
        "DeliveryToS3.DataFreshness",
        "DeliveryToS3.Bytes",
        ACCOUNT,
    ),
    Mutant(
        "stack setting",
        "the transform may write to every stream",
        _POLICIES,
        'allow("firehose:PutRecordBatch", names.stream_arn),',
        'allow("firehose:PutRecordBatch", "*"),',
        ACCOUNT,
    ),
    Mutant(
        "stack setting",
        "an event destination through a project has all ten types",
        "due_cli/aws/stack/tracking.py",
        "every = frozenset(ALL_TYPES if is_direct else GUIDE_TYPES)",
        "every = frozenset(ALL_TYPES)",
        SENDERS,
        "project",
    ),
    Mutant(
        "senders",
        "End User Messaging may put records in batches alone",
        _POLICIES,
        '_putting(names, kms_key, "firehose:PutRecord")',
        '_putting(names, kms_key, "firehose:PutRecordBatch")',
        SMS_SETS,
        "in_a_role",
    ),
    Mutant(
        "senders",
        "End User Messaging is not waited for where its role is young",
        "due_cli/aws/retry.py",
        'TransientError("ValidationException", r"Could not assume IAM role|',
        'TransientError("ValidationException", r"No such words|',
        SMS_SETS,
        "young",
    ),
    Mutant(
        "senders",
        "a name that both services have goes to one of them",
        "due_cli/aws/stack/set_search.py",
        "if name in email and name in phone:",
        "if False:",
        SMS_SETS,
        "both",
    ),
    Mutant(
        "senders",
        "somebody else's subscription is the stack's",
        "due_cli/aws/stack/topics.py",
        'subscription.role_arn is not None and subscription.role_arn != names.role_arn("sns")',
        "False",
        TOPICS,
        "somebody_else",
    ),
    Mutant(
        "senders",
        "raw delivery stays on",
        "due_cli/aws/resources/subscription.py",
        'Setting("RawMessageDelivery", False, read=lambda _, current: current.is_raw, write=self._put_raw),',
        "",
        TOPICS,
        "by_hand",
    ),
    Mutant(
        "tracking",
        "attaching starts tracking",
        "due_cli/aws/stack/tracking.py",
        "return by_others & own.types if own else by_others",
        "return TRACKING_TYPES",
        TRACKING,
        "tracking_is",
    ),
    Mutant(
        "tracking",
        "an event destination that is enabled again starts tracking",
        "due_cli/aws/stack/tracking.py",
        "if own and own.enabled:",
        "if own:",
        TRACKING,
        "tracking_is",
    ),
    Mutant(
        "tracking",
        "a chosen subset of the types is widened",
        "due_cli/aws/stack/tracking.py",
        "(kept | every if is_complete(own) else kept)",
        "(kept | every)",
        TRACKING,
        "tracking_is",
    ),
    Mutant(
        "found",
        "a role is looked at without its other policies",
        "due_cli/aws/resources/role.py",
        "read=self._other_policies, ",
        "read=lambda *_: [], ",
        DRIFT,
        "another_right",
    ),
    Mutant(
        "found",
        "a function keeps what a role of the same name was given",
        "due_cli/aws/resources/function.py",
        "                self._put_role(aws, self.stand_in_arn)\n",
        "                pass\n",
        DRIFT,
        "role_that",
    ),
    Mutant(
        "found",
        "what another made is the stack's",
        "due_cli/aws/stack/plan.py",
        'return f"belongs to the stack {owner}" if owner else "was not created by due"',
        "return None",
        OWNERSHIP,
        "another_stacks",
    ),
    Mutant(
        "made",
        "what was made is not waited for",
        "due_cli/aws/stack/execute.py",
        '    wait_until(exists, f"{resource.kind} {resource.name}")\n',
        "    exists()\n",
        FAILURES,
        "seen_late",
    ),
    Mutant(
        "made",
        "steps do not wait for what they need",
        "due_cli/aws/stack/execute.py",
        "if before[step.node.key] & unfinished or step.node.serial_group in busy_groups:",
        "if step.node.serial_group in busy_groups:",
        EXECUTE,
    ),
    Mutant(
        "made",
        "an option that is not given falls back to its default",
        "due_cli/aws/stack/options.py",
        "changes = {key: _or_default(key, value) for key, value in given.items() if value is not None}",
        "changes = {key: _or_default(key, value or getattr(_DEFAULTS, key)) for key, value in given.items()}",
        SETUP,
        "changed_options",
    ),
    Mutant(
        "made",
        "AWS is waited for without an end",
        "due_cli/aws/retry.py",
        "        stop=stop_before_delay(seconds),\n        sleep=sleep,\n        reraise=True,\n",
        "        sleep=sleep,\n        reraise=True,\n",
        RETRY,
    ),
    Mutant(
        "records",
        "an ingest does not ask where the partition of an hour is",
        "due_cli/aws/ingest/publish.py",
        "            locations = partition_locations(self._aws, database, TABLE, hours)\n",
        "            locations = dict.fromkeys(hours, f's3://{self._bucket}/events/2026/01/01/00/')\n",
        INGEST,
        "partition_is_elsewhere",
    ),
    Mutant(
        "records",
        "the name of an object does not tell the content of its events",
        "due_cli/aws/ingest/publish.py",
        "            digest.update(key + of_content)\n",
        "            digest.update(key)\n",
        INGEST,
        "two_deliveries",
    ),
    Mutant(
        "records",
        "statuses that have expired are written",
        "due_cli/aws/ingest/publish.py",
        "            if status.last > oldest:\n",
        "            if status.last:\n",
        INGEST,
        "expired",
    ),
    Mutant(
        "records",
        "an input is done before it is published",
        "due_cli/aws/ingest/publish.py",
        "        for note in pending.future.result():\n",
        "        for note in ():\n",
        "tests/aws/test_ingest_broken.py",
        "what_is_done",
    ),
    Mutant(
        "records",
        "an answer may be of any size",
        "due_cli/lambdas/transform.py",
        "elif reading.unreadable or size + data_size > _MAX_ANSWER:",
        "elif reading.unreadable:",
        TRANSFORM,
        "six_megabytes",
    ),
    Mutant(
        "records",
        "a partition that is there already is a failure",
        "due_cli/lambdas/partition.py",
        "if code not in {EXISTS, *_TRANSIENT}",
        "if code not in _TRANSIENT",
        PARTITION,
        "is_there or at_once",
    ),
)
