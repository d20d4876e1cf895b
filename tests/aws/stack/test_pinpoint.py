"""Pinpoint's project and event stream of a stack: made, used, refused, gone; through the emulator over HTTP."""

from __future__ import annotations

import json

import pytest

from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Action
from due_cli.aws.stack import projects
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.projects import PinpointSetup, ProjectChoice
from due_cli.aws.stack.stack import Stack
from due_cli.aws.tags import STACK_TAG
from due_cli.core.errors import ConfigurationError, DueError, ExitCode, NotFoundError, RefusedError, UsageError
from tests.aws.stack import sending
from tests.aws.stack.sending import OTHER_STREAM, to_project
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, arn
from tests.aws_emulator.wire import Answer, Request

AUTO = ProjectChoice()
DEFAULT_NAME = "My Pinpoint Project"  # the guide's


@pytest.fixture
def stack(emulator: AwsEmulator) -> Stack:
    return sending.a_stack(emulator)


def desired(stack: Stack, asked: ProjectChoice = AUTO) -> PinpointSetup:
    return projects.plan_pinpoint(stack.aws, stack.names, asked, Options(tags={"team": "mail"}))


def set_up(stack: Stack, asked: ProjectChoice = AUTO) -> dict[str, Action]:
    return sending.apply(desired(stack, asked).nodes, stack.aws)


def tags(emulator: AwsEmulator, project: str) -> dict[str, str]:
    found = emulator.client("pinpoint").list_tags_for_resource(
        ResourceArn=arn("mobiletargeting", "us-east-1", f"apps/{project}")
    )
    return dict(found["TagsModel"]["tags"])


@pytest.mark.parametrize("asked", [("id", "name", True), ("id", None, False), (None, "name", False)])
def test_an_id_a_name_and_no_pinpoint_exclude_each_other(asked: tuple[str | None, str | None, bool]) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        ProjectChoice(project_id=asked[0], project_name=asked[1], use=asked[2])
    with pytest.raises(UsageError, match="is empty"):
        ProjectChoice(project_id=" ")


def test_no_pinpoint_asks_nobody(emulator: AwsEmulator, stack: Stack) -> None:
    assert desired(stack, ProjectChoice(use=False)) == PinpointSetup()
    assert len(emulator.journal) == 0


def test_a_project_of_the_guides_name_is_made_and_its_events_arrive(emulator: AwsEmulator, stack: Stack) -> None:
    plan = desired(stack)
    assert emulator.journal.mutating == []
    assert (plan.project_id, plan.notes) == (None, ())
    assert set(sending.apply(plan.nodes, stack.aws).values()) == {Action.CREATE}
    [app] = projects.sending_projects(stack.aws, stack.names)
    assert (app.name, tags(emulator, app.project_id)) == (DEFAULT_NAME, {STACK_TAG: "due", "team": "mail"})
    assert emulator.firehose.buffered("due-events") == 1  # the record with which Pinpoint tries a stream
    assert emulator.pinpoint.publish(app.project_id, {"event_type": "_email.send"}) == 1
    assert emulator.iam.denied == []
    emulator.journal.clear()
    assert desired(stack).project_id == app.project_id
    assert set(set_up(stack).values()) == {Action.KEEP}
    assert emulator.journal.mutating == []


def test_its_role_is_for_pinpoint_and_for_projects_of_this_account_alone(emulator: AwsEmulator, stack: Stack) -> None:
    set_up(stack)
    role = emulator.client("iam").get_role(RoleName="due-pinpoint-us-east-1")["Role"]["AssumeRolePolicyDocument"]
    [statement] = role["Statement"]
    assert statement["Principal"] == {"Service": "pinpoint.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": arn("mobiletargeting", "us-east-1", "apps/*")},
    }
    found = emulator.client("iam").get_role_policy(RoleName="due-pinpoint-us-east-1", PolicyName="due")
    document = found["PolicyDocument"]
    [allowed] = (document if isinstance(document, dict) else json.loads(document))["Statement"]
    assert allowed["Resource"] == [stack.names.stream_arn]
    assert sorted(allowed["Action"]) == ["firehose:DescribeDeliveryStream", "firehose:PutRecordBatch"]


def test_a_project_of_the_name_is_used_and_not_doubled(emulator: AwsEmulator, stack: Stack) -> None:
    project = sending.make_project(emulator, "shop")
    assert desired(stack, ProjectChoice(project_name="shop")).project_id == project
    assert set_up(stack, ProjectChoice(project_name="shop"))["project"] is Action.KEEP
    assert sending.projects(emulator) == ["shop"]
    assert sending.stream_of(emulator, project) == stack.names.stream_arn
    assert tags(emulator, project) == {}


def test_a_project_is_used_by_its_id(emulator: AwsEmulator, stack: Stack) -> None:
    sending.make_project(emulator, DEFAULT_NAME)
    project = sending.make_project(emulator, "shop")
    set_up(stack, ProjectChoice(project_id=project))
    assert [app.project_id for app in projects.sending_projects(stack.aws, stack.names)] == [project]
    with pytest.raises(NotFoundError, match=f"no Pinpoint project {project[:-1]}") as caught:
        desired(stack, ProjectChoice(project_id=project[:-1]))
    assert caught.value.hint == f"did you mean {project}?"
    with pytest.raises(NotFoundError) as caught:
        desired(stack, ProjectChoice(project_id="Shop"))  # its name, where its id is wanted
    assert caught.value.hint == f"did you mean {project}?"
    assert caught.value.exit_code == ExitCode.NOT_FOUND


def test_a_setup_that_names_none_keeps_the_one_that_there_is(emulator: AwsEmulator, stack: Stack) -> None:
    set_up(stack, ProjectChoice(project_name="shop"))
    assert set(set_up(stack).values()) == {Action.KEEP}
    assert sending.projects(emulator) == ["shop"]
    used = sending.make_project(emulator, "used")
    other = sending.a_stack(emulator, "other")
    set_up(other, ProjectChoice(project_id=used))
    assert set(set_up(other).values()) == {Action.KEEP}
    assert sending.projects(emulator) == ["shop", "used"]


def test_one_of_two_of_a_name_is_the_stacks_or_has_to_be_named(emulator: AwsEmulator, stack: Stack) -> None:
    first, second = sending.make_project(emulator, "shop"), sending.make_project(emulator, "shop")
    with pytest.raises(UsageError, match="2 projects are called shop") as caught:
        desired(stack, ProjectChoice(project_name="shop"))
    assert first in caught.value.message
    emulator.client("pinpoint").tag_resource(
        ResourceArn=arn("mobiletargeting", "us-east-1", f"apps/{second}"), TagsModel={"tags": {STACK_TAG: "due"}}
    )
    assert desired(stack, ProjectChoice(project_name="shop")).project_id == second


@pytest.mark.parametrize("by", ["id", "name", "default"])
def test_an_event_stream_of_somebody_else_is_refused_before_anything_is_made(
    emulator: AwsEmulator, stack: Stack, by: str
) -> None:
    project = sending.make_project(emulator, DEFAULT_NAME)
    sending.lead(emulator, project, OTHER_STREAM)
    emulator.journal.clear()
    asked = {
        "id": ProjectChoice(project_id=project),
        "name": ProjectChoice(project_name=DEFAULT_NAME),
        "default": AUTO,
    }[by]
    with pytest.raises(RefusedError, match=f"has an event stream already, to {OTHER_STREAM}") as caught:
        desired(stack, asked)
    assert f"delete-event-stream --application-id {project}" in str(caught.value.hint)
    assert "--no-pinpoint" in str(caught.value.hint)
    with pytest.raises(RefusedError, match="has an event stream already"):
        projects.attach(stack, project)
    assert emulator.journal.mutating == []


def test_a_role_that_pinpoint_does_not_know_yet_is_waited_for(emulator: AwsEmulator, stack: Stack) -> None:
    words = "Please make sure the IAM Role is configured correctly."
    emulator.faults.refuse("pinpoint:PutEventStream", "BadRequestException", words, times=1)
    set_up(stack)
    assert len(emulator.journal.of("pinpoint:PutEventStream")) == 2


def test_a_lost_answer_makes_no_second_project(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.fail("pinpoint:CreateApp", after=True, times=1)  # the client asks again
    set_up(stack)
    assert len(emulator.journal.of("pinpoint:CreateApp")) == 2
    assert sending.projects(emulator) == [DEFAULT_NAME]


def test_cut_off_at_any_change_and_run_again_it_is_one_project(emulator: AwsEmulator, stack: Stack) -> None:
    set_up(stack)
    changes = [call.name for call in emulator.journal.mutating]
    assert len(changes) == 4  # role, its policy, project, event stream
    for number, change in enumerate(changes):
        other = sending.a_stack(emulator, f"other{number}")
        asked = ProjectChoice(project_name=f"project {number}")
        rule = emulator.faults.refuse(change, "AccessDenied", "cut off", 403, after=True)
        with pytest.raises(DueError):
            set_up(other, asked)
        rule.times = 0
        set_up(other, asked)
        assert set(set_up(other, asked).values()) == {Action.KEEP}
        [app] = projects.sending_projects(other.aws, other.names)
        assert emulator.pinpoint.publish(app.project_id, {"event_type": "_email.send"}) == 1
    assert sending.projects(emulator) == sorted(
        [DEFAULT_NAME, *(f"project {number}" for number in range(len(changes)))]
    )


def test_what_was_changed_by_hand_is_set_right(emulator: AwsEmulator, stack: Stack) -> None:
    set_up(stack)
    [app] = projects.sending_projects(stack.aws, stack.names)
    sending.lead(emulator, app.project_id, stack.names.stream_arn, "arn:aws:iam::123456789012:role/any")
    assert set_up(stack)["event-stream"] is Action.UPDATE
    emulator.client("pinpoint").delete_event_stream(ApplicationId=app.project_id)
    assert set_up(stack) == {"pinpoint-role": Action.KEEP, "project": Action.KEEP, "event-stream": Action.CREATE}


def test_projects_of_every_page_are_found(emulator: AwsEmulator, stack: Stack) -> None:
    for number in range(5):
        sending.make_project(emulator, f"project {number}")
    listed = emulator.client("pinpoint").get_apps()["ApplicationsResponse"]["Item"]

    def paged(call: Call, request: Request) -> Answer:
        start = int(call.parameters.get("Token") or 0)
        more = {"NextToken": str(start + 2)} if start + 2 < len(listed) else {}
        return Answer.of({"Item": listed[start : start + 2], **more})

    emulator.handlers["pinpoint:GetApps"] = paged
    assert desired(stack, ProjectChoice(project_name="project 4")).project_id == listed[4]["Id"]


def test_a_further_project_is_attached_and_detached(emulator: AwsEmulator, stack: Stack) -> None:
    project = sending.make_project(emulator, "shop")
    emulator.journal.clear()
    done = projects.attach(stack, project)
    assert done.lines == [f"Attached project shop ({project}) to due-events"]
    assert emulator.pinpoint.publish(project, {"event_type": "_campaign.send"}) == 1
    emulator.journal.clear()
    assert projects.attach(stack, project).lines == [f"Project shop ({project}) is already attached"]
    assert emulator.journal.mutating == []
    done = projects.detach(stack, project)
    assert done.lines == [f"Detached project shop ({project}) from due-events"]
    assert sending.stream_of(emulator, project) is None
    assert projects.detach(stack, project).lines == [f"Project shop ({project}) has no event stream"]
    sending.lead(emulator, project, OTHER_STREAM)
    assert "which stays as it is" in projects.detach(stack, project).lines[0]
    assert sending.stream_of(emulator, project) == OTHER_STREAM
    for call in (projects.attach, projects.detach):
        with pytest.raises(NotFoundError):
            call(stack, "x")


def test_a_project_that_sets_go_through_is_not_detached_from_under_them(emulator: AwsEmulator, stack: Stack) -> None:
    project = sending.make_project(emulator, "shop")
    sending.make_sets(emulator, "marketing", "receipts")
    projects.attach(stack, project)
    sending.attach(stack, "marketing", via="pinpoint")
    emulator.ses.destinations("receipts").append(to_project("segments", sending.app_arn(stack.names, project)))
    with pytest.raises(RefusedError, match=r"are attached through the project shop .*: marketing$") as caught:
        projects.detach(stack, project)
    assert "due attach-config-set marketing --via firehose" in str(caught.value.hint)
    assert sending.stream_of(emulator, project)
    sending.attach(stack, "marketing", via="firehose")
    assert "the mail of receipts" in projects.detach(stack, project).lines[1]
    assert sending.stream_of(emulator, project) is None


def test_a_project_that_would_bring_mail_twice_is_refused(emulator: AwsEmulator, stack: Stack) -> None:
    project = sending.make_project(emulator, "shop")
    sending.make_sets(emulator, "marketing")
    emulator.ses.destinations("marketing").append(to_project("segments", sending.app_arn(stack.names, project)))
    sending.attach(stack, "marketing", via="firehose")
    emulator.journal.clear()
    for call in (lambda: projects.attach(stack, project), lambda: desired(stack, ProjectChoice(project_id=project))):
        with pytest.raises(RefusedError, match="marketing goes directly to due-events and to the project"):
            call()
    assert emulator.journal.mutating == []


def test_the_commands_to_type_next_name_the_stack(emulator: AwsEmulator) -> None:
    other = sending.a_stack(emulator, "other")
    assert projects.attach(other, sending.make_project(emulator, "shop")).next_steps == ("due doctor --stack other",)


def test_a_project_is_made_once(emulator: AwsEmulator, stack: Stack) -> None:
    project = Project(title="shop", tags={STACK_TAG: "due"})
    for _ in range(2):
        project.create(stack.aws)
    assert len(emulator.journal.of("pinpoint:CreateApp")) == 1


def test_a_further_project_wants_a_stream(emulator: AwsEmulator, stack: Stack) -> None:
    project = sending.make_project(emulator, "shop")
    emulator.client("firehose").delete_delivery_stream(DeliveryStreamName="due-events")
    with pytest.raises(ConfigurationError, match="has no stream"):
        projects.attach(stack, project)
