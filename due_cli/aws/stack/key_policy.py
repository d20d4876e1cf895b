"""What the policy of a stack's KMS key must allow, whatever IAM says, and which of that it does not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import missing_permission, translate_errors
from due_cli.aws.stack.names import FUNCTIONS, Names
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.policies import Policy
from due_cli.core.errors import DueError, RefusedError

_LOG_GROUP = "kms:EncryptionContext:aws:logs:arn"  # with which CloudWatch Logs uses a key


def check(aws: Aws, names: Names, options: Options) -> None:
    """Raise :class:`RefusedError` with the statements to add if the policies of the keys do not allow what is needed.

    A key whose policy may not be read is not checked.
    """
    keys = {options.kms_key: _of_stack(names, options), options.catalog_key: [_iam(names)]}
    for key, needed in keys.items():
        current = _policy(aws, key) if key else None
        missing = [one for one in needed if current is not None and not _is_allowed(one, current, names)]
        if missing:
            added = ", ".join(json.dumps(statement) for statement in missing)
            raise RefusedError(
                f"the policy of the key {key} does not allow all that the stack needs; statements to add: {added}",
                f"aws kms get-key-policy --key-id {key} --policy-name default --output text shows the policy",
            )


def _of_stack(names: Names, options: Options) -> list[Policy]:
    """For the stack's own key: IAM, the logs, and the alarms if they have a topic.

    Sources: KMS developer guide, "Default key policy"; CloudWatch Logs user guide, "Encrypt log data"; SNS developer
    guide, "Enable compatibility between event sources from AWS services and encrypted topics".
    """
    suffix = "amazonaws.com.cn" if names.partition == "aws-cn" else "amazonaws.com"
    groups = [*map(names.log_group, FUNCTIONS), names.stream_log_group]
    logs = _statement(
        "DueLogs",
        {"Service": f"logs.{names.region}.{suffix}"},
        ("Encrypt*", "Decrypt*", "ReEncrypt*", "GenerateDataKey*", "Describe*"),
        {"ArnEquals": {_LOG_GROUP: [names.arn("logs", f"log-group:{group}") for group in groups]}},
    )
    alarms = _statement(
        "DueAlarms",
        {"Service": "cloudwatch.amazonaws.com"},
        ("Decrypt", "GenerateDataKey*"),
        {"StringEquals": {"aws:SourceAccount": names.account}},
    )
    return [_iam(names), logs, *([alarms] if options.alarm_email else [])]


def _iam(names: Names) -> Policy:
    """That IAM policies of the account decide who may use a key."""
    root = names.arn("iam", "root", region=False)
    return _statement("DueIam", {"AWS": root}, ("Decrypt", "Encrypt", "GenerateDataKey*", "DescribeKey", "CreateGrant"))


def _statement(sid: str, principal: Policy, actions: Iterable[str], condition: Policy | None = None) -> Policy:
    statement: Policy = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": [f"kms:{action}" for action in actions],
        "Resource": "*",
    }
    return {**statement, "Condition": condition} if condition else statement


def _policy(aws: Aws, key: str) -> list[Mapping[str, Any]] | None:
    """The statements of a key's policy; None if the caller may not read it."""
    try:
        with translate_errors(f"reading the policy of key {key} (kms:GetKeyPolicy)"):
            document = json.loads(aws.kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    except DueError as error:
        if missing_permission(error):
            return None
        raise
    return [one for one in _listed(document["Statement"]) if one["Effect"] == "Allow"]


def _is_allowed(needed: Policy, statements: Iterable[Mapping[str, Any]], names: Names) -> bool:
    """Whether statements allow each action of a needed one, for each log group if it is about those.

    Conditions on anything else are taken to hold: what they are compared with is known to the service alone.
    """
    relevant = [one for one in statements if _is_for(needed["Principal"], one.get("Principal"), names)]
    condition: Any = needed.get("Condition", {})
    groups = condition.get("ArnEquals", {}).get(_LOG_GROUP, [""])
    return all(
        any(_covers(one, str(action).rstrip("*"), group) for one in relevant)
        for action in _listed(needed["Action"])
        for group in groups
    )


def _is_for(needed: object, principal: object, names: Names) -> bool:
    """Whether a statement is for a principal: by its name, or for everybody; an account goes by its id too."""
    if principal == "*":
        return True
    if not isinstance(principal, Mapping) or not isinstance(needed, Mapping):
        return False
    [(kind, name)] = needed.items()
    accepted = {name, "*", *([names.account] if kind == "AWS" else [])}
    return not accepted.isdisjoint(_listed(principal.get(kind, [])))


def _covers(statement: Mapping[str, Any], action: str, group: str) -> bool:
    conditions = {
        key.lower(): values for pairs in statement.get("Condition", {}).values() for key, values in pairs.items()
    }
    patterns = _listed(conditions.get(_LOG_GROUP.lower(), "*"))
    return any(fnmatchcase(action.lower(), one.lower()) for one in _listed(statement.get("Action", []))) and any(
        fnmatchcase(group, pattern) for pattern in patterns
    )


def _listed(one_or_more: Any) -> list[Any]:
    return list(one_or_more) if isinstance(one_or_more, list) else [one_or_more]
