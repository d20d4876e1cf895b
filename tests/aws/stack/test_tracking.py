"""Attaching changes nobody's mail unasked: which types due's event destination has, and what SES does to the mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.doctor import senders
from due_cli.aws.doctor.context import DoctorContext
from due_cli.aws.event_types import Tracking, TypeChoice, type_choice
from due_cli.aws.stack import config_sets, set_search, setup
from due_cli.aws.stack.projects import ProjectChoice
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import NotFoundError, RefusedError, UsageError
from due_cli.core.progress import Silent
from tests.aws.stack import sending
from tests.aws.stack.sending import ALL_EVENT_TYPES, EVENT_TYPES, TRACKED_TYPES, attach, detach, said, to_topic
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due
from tests.sampling import sampled

OPENS, CLICKS, BOTH, NONE = {"OPEN"}, {"CLICK"}, {"OPEN", "CLICK"}, set[str]()
Destinations = Callable[[dict[str, Any], list[str]], list[dict[str, Any]]]


def other(*types: str, enabled: bool = True) -> dict[str, Any]:
    """Somebody else's event destination."""
    return {**to_topic("theirs"), "MatchingEventTypes": ["BOUNCE", *types], "Enabled": enabled}


# What a set has before, from due's own event destination as it would be made and the types that can go its way; and the
# types of tracking that due's has afterwards with keep, on, off, and SEND,CLICK.
STATES: dict[str, tuple[Destinations, set[str]]] = {
    "nothing": (lambda own, every: [], NONE),
    "it tracks already": (lambda own, every: [other("OPEN", "CLICK")], BOTH),
    "it tracks opens alone": (lambda own, every: [other("OPEN")], OPENS),
    "it would track, but is disabled": (lambda own, every: [other("OPEN", "CLICK", enabled=False)], NONE),
    "the first release attached it": (lambda own, every: [{**own, "MatchingEventTypes": every}], BOTH),
    "the first release, disabled": (lambda own, every: [{**own, "MatchingEventTypes": every, "Enabled": False}], NONE),
    "disabled where another tracks opens": (
        lambda own, every: [{**own, "MatchingEventTypes": every, "Enabled": False}, other("OPEN")],
        OPENS,
    ),
    "some types were chosen": (lambda own, every: [{**own, "MatchingEventTypes": ["SEND", "DELIVERY"]}], NONE),
    "some were chosen where another tracks": (
        lambda own, every: [{**own, "MatchingEventTypes": ["SEND", "DELIVERY"]}, other("OPEN", "CLICK")],
        NONE,
    ),
}
CHOICES = (
    TypeChoice(),
    TypeChoice(tracking=Tracking.ON),
    TypeChoice(tracking=Tracking.OFF),
    type_choice(Tracking.KEEP, "send,click"),
)


def by_attach(stack: Stack, choice: TypeChoice) -> None:
    config_sets.attach(stack, config_sets.AttachRequest(set_names=("marketing",), types=choice), Silent())


def by_setup(stack: Stack, choice: TypeChoice) -> None:
    sending.apply(setup_nodes(stack, choice), stack.aws)


def setup_nodes(stack: Stack, choice: TypeChoice) -> list[Any]:
    sets = set_search.find_config_sets(stack.aws, stack.names, ["marketing"])
    project = config_sets._project(stack, "auto", [])
    return config_sets.setup_nodes(stack.names, sets, project, choice)


@pytest.mark.parametrize("through", ["stream", "project"])
@pytest.mark.parametrize("state", sampled(STATES))
def test_tracking_is_what_was_asked_and_stays(emulator: AwsEmulator, stack: Stack, state: str, through: str) -> None:
    if through == "project":
        sending.a_project(emulator, stack)
    attach(stack, "marketing")
    [own] = emulator.ses.destinations("marketing")
    every = ALL_EVENT_TYPES if through == "stream" else EVENT_TYPES
    before, kept = STATES[state]
    others = {"SEND", "DELIVERY"} if "some" in state else set(every) - TRACKED_TYPES
    for choice, tracking in zip(CHOICES, (kept, BOTH, NONE, CLICKS), strict=True):
        for do, again in ((by_attach, by_setup), (by_setup, by_attach)):
            emulator.ses.destinations("marketing")[:] = given = before(own, every)
            tracked = emulator.ses.tracking("marketing")
            theirs = [one for one in given if one["Name"] == "theirs"]
            do(stack, choice)
            held = {one["Name"]: one for one in emulator.ses.destinations("marketing")}
            assert held["event-database"]["Enabled"]
            assert set(held["event-database"]["MatchingEventTypes"]) == tracking | (
                {"SEND"} if choice.exact else others
            )
            assert [one for name, one in held.items() if name == "theirs"] == theirs
            if choice == TypeChoice():
                assert emulator.ses.tracking("marketing") == tracked
            emulator.journal.clear()
            again(stack, TypeChoice())
            assert emulator.journal.mutating == []  # the event destination itself remembers
            assert {outcome for outcome, _, _ in doctor(stack)} == {"ok"}


def doctor(stack: Stack) -> list[Any]:
    return list(senders.config_sets(DoctorContext(stack, (), _projects(stack))))


def _projects(stack: Stack) -> Any:
    from due_cli.aws.doctor.doctor import _projects

    return _projects(stack)


def test_what_is_left_out_and_how_to_have_it_is_one_line(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    emulator.ses.destinations("receipts").append(other("OPEN"))
    sending.make_sets(emulator, "news")
    done = attach(stack, "marketing", "news", "receipts")
    assert [line for line in done.lines if "left out" in line] == [
        "Opens and clicks of marketing, news are left out: for them SES inserts an invisible image and rewrites the "
        "links of the mail; to have them: due attach-config-set marketing news --tracking on",
        "Clicks of receipts are left out: for them SES rewrites the links of the mail; to have them: "
        "due attach-config-set receipts --tracking on",
    ]
    assert "left out" not in said(attach(stack, "marketing", tracking="off"))
    assert "left out" not in said(attach(stack, "marketing", types="SEND"))
    assert "SES goes on to track opens of receipts: its event destination theirs has them" in said(
        attach(stack, "receipts", tracking="off")
    )
    assert emulator.ses.tracking("receipts") == OPENS


class Notes(Silent):
    """The notes of a command, each with how many calls had changed anything before it."""

    def __init__(self, emulator: AwsEmulator) -> None:
        self.emulator, self.notes = emulator, list[tuple[str, int]]()

    def note(self, text: str) -> None:
        self.notes.append((text, len(self.emulator.journal.mutating)))


def test_what_ses_will_do_to_the_mail_is_said_before(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.ses.destinations("receipts").append(other("OPEN"))
    notes = Notes(emulator)
    attach(stack, "marketing", "receipts", tracking="on", progress=notes)
    assert notes.notes == [
        ("in the mail of marketing SES inserts an invisible image and rewrites the links", 0),
        ("in the mail of receipts SES rewrites the links", 0),
    ]
    again = Notes(emulator)
    attach(stack, "marketing", "receipts", tracking="on", progress=again)
    assert again.notes == []


def test_the_plan_of_a_setup_says_it_too(emulator: AwsEmulator, due: Due) -> None:
    sending.make_sets(emulator, "marketing")
    words = ("setup", "--no-pinpoint", "--config-sets", "marketing", "--plan", "-o", "csv")
    change = "change,mail,marketing,SES inserts an invisible image and rewrites the links"
    assert change in due(*words, "--tracking", "on").done().out.splitlines()
    plan = setup.plan_setup(
        Aws(), "due", setup.SetupRequest(options={}, project=ProjectChoice(use=False), config_sets=("marketing",))
    )
    assert "Opens and clicks of marketing are left out" in "\n".join(plan.notes)
    assert "change" not in [row[0] for row in plan.shown(everything=True).steps.rows]
    assert (
        "--tracking is of the sets that --config-sets names" in due("setup", "--tracking", "on", "--plan").failed(2).err
    )


def test_types_are_named_as_ses_has_them(stack: Stack, emulator: AwsEmulator, due: Due) -> None:
    with pytest.raises(UsageError, match="SES has no event type OPNE") as caught:
        type_choice(Tracking.KEEP, "SEND,opne")
    assert caught.value.hint == "did you mean OPEN or BOUNCE?"
    with pytest.raises(UsageError, match="names no event type"):
        type_choice(Tracking.KEEP, ",")
    for tracking in (Tracking.ON, Tracking.OFF):
        with pytest.raises(UsageError, match=f"--types and --tracking {tracking} exclude each other"):
            type_choice(tracking, "SEND")
    assert type_choice(Tracking.KEEP, "delivery-delay, SEND").exact == {"DELIVERY_DELAY", "SEND"}
    sending.a_project(emulator, stack)
    with pytest.raises(UsageError, match="DELIVERY_DELAY cannot go through Pinpoint, as the events of receipts do"):
        attach(stack, "receipts", "marketing", types="SEND,DELIVERY_DELAY", via="pinpoint")
    assert emulator.journal.mutating == []


def test_a_set_never_loses_its_last_type(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, "marketing", types="OPEN")
    emulator.journal.clear()
    with pytest.raises(RefusedError, match="marketing would send no events: event-database has only OPEN"):
        attach(stack, "receipts", "marketing", tracking="off")
    assert emulator.journal.mutating == []
    with pytest.raises(NotFoundError):
        attach(stack, "receipts", "marketting", tracking="on")
    assert emulator.journal.mutating == []


def test_a_set_that_is_moved_keeps_its_tracking_and_its_chosen_types(emulator: AwsEmulator, stack: Stack) -> None:
    sending.a_project(emulator, stack)
    for tracking, chosen, direct, through in (
        ("keep", None, set(ALL_EVENT_TYPES) - BOTH, set(EVENT_TYPES) - BOTH),
        ("on", None, set(ALL_EVENT_TYPES), set(EVENT_TYPES)),
        ("keep", "SEND,CLICK", {"SEND", "CLICK"}, {"SEND", "CLICK"}),
    ):
        attach(stack, "marketing", via="firehose", tracking=tracking, types=chosen)
        for via, types in (("pinpoint", through), ("firehose", direct)):
            attach(stack, "marketing", via=via)
            assert set(emulator.ses.destinations("marketing")[0]["MatchingEventTypes"]) == types
        detach(stack, "marketing")


def test_doctor_says_which_mail_is_changed_for_due_alone(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, "marketing", "receipts", tracking="on")
    emulator.ses.destinations("receipts").append(other("OPEN"))
    texts = {text: fix for _, text, fix in doctor(stack)}
    assert texts == {
        "SES inserts an invisible image and rewrites the links of the mail of marketing for event-database alone, "
        "which has opens and clicks": "due attach-config-set marketing --tracking off",
        "SES rewrites the links of the mail of receipts for event-database alone, which has clicks": (
            "due attach-config-set receipts --tracking off"
        ),
        "2 of 2 attached: marketing, receipts": None,
    }
    attach(stack, "marketing", "receipts", tracking="off")
    assert emulator.ses.tracking("marketing") == NONE
    attach(stack, "marketing", types="BOUNCE,SEND")
    assert [text for _, text, _ in doctor(stack)] == [
        "marketing sends only SEND,BOUNCE, as was chosen",
        "2 of 2 attached: marketing, receipts",
    ]


def test_opens_hint(emulator: AwsEmulator, stack: Stack) -> None:
    assert config_sets.opens_hint(stack) is None  # nothing is attached: there is nothing to turn on
    attach(stack, "marketing", "receipts")
    hint = config_sets.opens_hint(stack)
    assert hint is not None
    assert "no attached configuration set sends opens; with due attach-config-set marketing receipts" in hint
    attach(stack, "receipts", tracking="on")
    assert config_sets.opens_hint(stack) is None
    attach(stack, "receipts", tracking="off")
    sending.make_sets(emulator, *(f"set-{number}" for number in range(4)))
    emulator.journal.clear()
    assert config_sets.opens_hint(stack) is None  # too many to ask for
    assert len(emulator.journal) == 1
    emulator.faults.deny("sesv2:ListConfigurationSets")
    assert config_sets.opens_hint(stack) is None
