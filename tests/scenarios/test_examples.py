"""The examples in the help of what needs an account, as they stand."""

from __future__ import annotations

import shlex

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.cli.test_help import ON_AWS, examples
from tests.scenarios.commands import Commands
from tests.scenarios.test_setup import SETUP


@pytest.mark.slow
def test_examples_of_a_stack_work_as_they_stand(emulator: AwsEmulator, commands: Commands) -> None:
    emulator.client("sesv2").create_configuration_set(ConfigurationSetName="NAME")
    project = emulator.client("pinpoint").create_app(CreateApplicationRequest={"Name": "mobile"})
    project_id = project["ApplicationResponse"]["Id"]
    assert commands.due(*SETUP).code == 0
    topic_arn = emulator.client("sns").create_topic(Name="inbound")["TopicArn"]
    kinds = ("config-set", "project", "topic")
    groups = ("setup", *(f"{action}-{kind}" for kind in kinds for action in ("attach", "detach")))
    texts = [commands.due(group, "--help").out for group in groups]
    lines = [line for text in texts for line in examples(text) if line.startswith(ON_AWS)]
    assert len(lines) >= len(groups)
    for line in lines:
        ended = commands.due(*shlex.split(line.replace("PROJECT_ID", project_id).replace("ARN", topic_arn))[1:])
        assert ended.code == 0, (line, ended)
