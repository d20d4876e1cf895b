"""A setup is converged whatever defaults and empty values AWS leaves out of its answers, and on every page of tags."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action, Node, Resource
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.names import names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned
from tests.aws.stack.sending import apply
from tests.aws_emulator.fixture import started
from tests.aws_emulator.omissions import omitting
from tests.sampling import sampled

_TAGS = {f"tag{number}": "x" for number in range(14)}  # more than a page of any service
_OPTIONS = (
    Options(),  # without an address for alarms: lists that are empty
    Options(alarm_email="oncall@example.com", transform_concurrency=5, transform_memory_mb=128, tags=_TAGS),
)
_LACKING = ("alarm", "data bucket", "delivery stream", "function", "role", "status table", "workgroup")
_CLIENTS = "apigateway athena cloudwatch dynamodb firehose glue iam lambda_ logs s3 sns".split()


def nodes_of(aws: Aws, options: Options) -> list[Node[Aws]]:
    names = names_of("due", aws.caller.account, aws.caller.region, aws.caller.partition)
    return desired(names, options, package())


@pytest.fixture(scope="module", params=_OPTIONS, ids=["default", "chosen"])
def converged(request: pytest.FixtureRequest) -> Iterator[tuple[Aws, list[Node[Aws]]]]:
    """A stack that is set up, and an account whose answers lack what they may lack."""
    with started():
        aws = Aws()
        nodes = nodes_of(aws, request.param)
        apply(nodes, aws)
        yield aws, nodes


def kinds() -> list[str]:
    names = names_of("due", "123456789012", "us-east-1")
    resources: list[Resource[Aws]] = [node.resource for node in desired(names, _OPTIONS[1], package())]
    return sorted({resource.kind for resource in resources})


@pytest.mark.parametrize("kind", sampled(kinds(), 5))
def test_nothing_changes_when_answers_lack_what_they_may_lack(
    converged: tuple[Aws, list[Node[Aws]]], kind: str
) -> None:
    aws, nodes = converged
    of_kind = [node for node in nodes if node.resource.kind == kind]
    with _omitting(aws) as omitted:
        steps = planned(of_kind, aws)
    assert [(step.node.key, step.differences) for step in steps if step.action is not Action.KEEP] == []
    assert omitted or kind not in _LACKING


@contextmanager
def _omitting(aws: Aws) -> Iterator[list[tuple[str, str]]]:
    """Leave out of all answers what they may lack; gives what was left out."""
    with ExitStack() as stack:
        omitted = [stack.enter_context(omitting(getattr(aws, name))) for name in _CLIENTS]
        all_of_them: list[tuple[str, str]] = []
        yield all_of_them
        for one in omitted:
            all_of_them += one
