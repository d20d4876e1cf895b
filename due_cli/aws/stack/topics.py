"""SNS topics whose messages a stack gets: inbound SMS, and the notifications of SES identities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action, Node
from due_cli.aws.resources.subscription import TopicSubscription, topic_name
from due_cli.aws.services import sns
from due_cli.aws.stack.execute import execute_with_progress
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.stack.routes import TOPIC_ROLE, topic_role
from due_cli.aws.stack.stack import Stack, require_stream
from due_cli.core.errors import NotFoundError, RefusedError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sns:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>[\w-]{1,256})"
)


def attach(stack: Stack, topic_arns: Sequence[str], progress: Progress) -> Done:
    """Subscribe the stream to standard topics of the stack's account and region.

    Raises :class:`UsageError` for an ARN of anything else, :class:`NotFoundError` for a topic that does not exist,
    :class:`RefusedError` for one to which somebody else subscribed the stream: SNS keeps one subscription.
    """
    aws, names = stack.aws, stack.names
    arns = _checked(names, topic_arns)
    require_stream(stack)
    for arn in arns:
        if not sns.topic_exists(aws, arn):
            raise NotFoundError(f"there is no topic {arn}", "aws sns list-topics")
        if (found := sns.subscription_of(aws, arn, names.stream_arn)) and _is_foreign(names, found):
            problem = f"{names.stream} is subscribed to {topic_name(arn)} with a role that is not this stack's"
            removal = f"aws sns unsubscribe --subscription-arn {found.arn}, then this again"
            raise RefusedError(f"{problem}: {found.role_arn}", removal)
    steps = planned([topic_role(names, stack.options), *_nodes(names, arns)], aws)
    execute_with_progress(steps, aws, "Attaching", progress)
    lines = []
    for step in steps:
        resource = step.node.resource
        if not isinstance(resource, TopicSubscription):
            continue
        if step.action is Action.CREATE:
            lines.append(f"Attached topic {resource.name} to the delivery stream {names.stream}")
        elif step.action is Action.UPDATE:
            settings = ", ".join(difference.setting for difference in step.differences)
            lines.append(f"Updated the subscription of topic {resource.name}: {settings}")
        else:
            lines.append(f"Topic {resource.name} is already attached to the delivery stream {names.stream}")
    return Done(lines, (names.command("doctor"),))


def detach(stack: Stack, topic_arns: Sequence[str], progress: Progress) -> Done:
    """Delete the subscriptions that attach topics to the stack; any other one stays."""
    aws, names = stack.aws, stack.names
    arns = _checked(names, topic_arns)
    before = {arn: sns.subscription_of(aws, arn, names.stream_arn) for arn in arns}
    own = [arn for arn, found in before.items() if found and not _is_foreign(names, found)]
    execute_with_progress(planned_removal(_nodes(names, own), aws), aws, "Detaching", progress)
    return Done([_detached_line(names, arn, found) for arn, found in before.items()])


def subscription_nodes(aws: Aws, names: Names) -> list[Node[Aws]]:
    """The subscriptions that attach topics to a stack, for its removal."""
    found = sns.subscriptions(aws, names.stream_arn)
    return _nodes(names, [one.topic_arn for one in found if not _is_foreign(names, one)])


def _nodes(names: Names, topic_arns: Iterable[str]) -> list[Node[Aws]]:
    role_arn, depends_on = names.role_arn("sns"), frozenset(("stream", TOPIC_ROLE))
    return [
        Node(
            f"subscription-{topic_name(arn)}",
            TopicSubscription(topic_arn=arn, stream_arn=names.stream_arn, role_arn=role_arn),
            depends_on=depends_on,
        )
        for arn in topic_arns
    ]


def _is_foreign(names: Names, subscription: sns.Subscription) -> bool:
    """Whether somebody else made a subscription; one that waits for its confirmation does not tell."""
    return subscription.role_arn is not None and subscription.role_arn != names.role_arn("sns")


def _detached_line(names: Names, arn: str, found: sns.Subscription | None) -> str:
    if found is None:
        return f"Topic {topic_name(arn)} is not attached"
    if _is_foreign(names, found):
        return f"Topic {topic_name(arn)} stays: its subscription has a role that is not this stack's, {found.role_arn}"
    return f"Detached topic {topic_name(arn)} from the delivery stream {names.stream}"


def _checked(names: Names, topic_arns: Sequence[str]) -> list[str]:
    """The ARNs, each once; raises :class:`UsageError` for one that the stream cannot be subscribed to."""
    for arn in topic_arns:
        match = _ARN.fullmatch(arn.removesuffix(".fifo"))
        if match is None:
            raise UsageError(f"{arn!r} is not the ARN of a topic", f"{names.arn('sns', 'NAME')}; aws sns list-topics")
        if arn.endswith(".fifo"):
            problem = f"{arn} is a FIFO topic, and SNS delivers only standard topics to Firehose"
            raise UsageError(problem, "aws sns list-topics")
        place = (match["partition"], match["account"], match["region"])
        if place != (names.partition, names.account, names.region):
            problem = f"{arn} is not of account {names.account}, region {names.region}, as the stack {names.stack} is"
            raise UsageError(problem, "aws sns list-topics")
    return list(dict.fromkeys(topic_arns))
