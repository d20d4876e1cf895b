"""Plans carried out: what needs what, lanes, failures, and going on from where a kill left off."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from due_cli.aws.pool import pause
from due_cli.aws.resources.resource import Action, Node, Settings, Step
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.plan import planned, planned_removal


@dataclass
class Cloud:
    """What there is, by name, and what was done, in order."""

    there: dict[str, dict[str, object]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Thing:
    """A resource of the cloud above; ``fails`` is the call that it refuses."""

    name: str
    size: int = 1
    fails: str = ""
    shares: str = ""
    kind: str = "thing"

    def desired(self) -> Settings:
        return {"size": self.size, "color": "red"}

    def current(self, cloud: Cloud) -> Settings | None:
        return cloud.there.get(self.name)

    def create(self, cloud: Cloud) -> None:
        self._do(cloud, "create")
        cloud.there[self.name] = {"size": self.size}

    def update(self, cloud: Cloud, changed: frozenset[str]) -> None:
        self._do(cloud, f"update {' '.join(sorted(changed))}")
        cloud.there[self.name].update({name: self.desired()[name] for name in changed})

    def delete(self, cloud: Cloud) -> None:
        self._do(cloud, "delete")
        del cloud.there[self.name]

    def _do(self, cloud: Cloud, call: str) -> None:
        with cloud.lock:
            assert self.shares not in cloud.busy, f"two changes of {self.shares} at once"
            cloud.busy |= {self.shares} - {""}
        time.sleep(0.001)
        with cloud.lock:
            cloud.busy.discard(self.shares)
            if self.fails == call:
                raise RuntimeError(f"{self.name} refuses to {call}")
            cloud.done.append(f"{call} {self.name}")


def _run(nodes: list[Node[Cloud]], cloud: Cloud) -> list[Step[Cloud]]:
    steps = planned(nodes, cloud)
    execute(steps, cloud)
    return steps


def _node(name: str, *needs: str, fails: str = "", serial_group: str = "") -> Node[Cloud]:
    thing = Thing(name, fails=fails, shares=serial_group)
    return Node(name, thing, depends_on=frozenset(needs), serial_group=serial_group)


def test_a_second_run_has_nothing_to_do() -> None:
    nodes, cloud = [_node("bucket"), _node("table", "bucket")], Cloud()
    assert [step.action for step in _run(nodes, cloud)] == [Action.CREATE, Action.CREATE]
    before = list(cloud.done)
    assert [step.action for step in _run(nodes, cloud)] == [Action.KEEP, Action.KEEP]
    assert cloud.done == before


def test_what_differs_is_named_and_set_and_nothing_else() -> None:
    cloud = Cloud({"bucket": {"size": 1, "color": "blue", "more": 3}})
    (step,) = _run([_node("bucket")], cloud)
    assert step.action is Action.UPDATE
    assert [(one.setting, one.before, one.desired) for one in step.differences] == [("color", "blue", "red")]
    assert cloud.done == ["update color bucket"]


def test_a_failure_begins_nothing_more_and_the_next_run_goes_on() -> None:
    nodes = [_node("a"), _node("b", "a", fails="create"), _node("c", "b"), _node("d")]
    cloud = Cloud()
    with pytest.raises(RuntimeError, match="b refuses to create"):
        _run(nodes, cloud)
    assert "c" not in cloud.there
    mended = [_node("a"), _node("b", "a"), _node("c", "b"), _node("d")]
    _run(mended, cloud)
    assert {name: found["size"] for name, found in cloud.there.items()} == dict.fromkeys("abcd", 1)
    assert [step.action for step in _run(mended, cloud)] == [Action.KEEP] * 4


_GRAPHS = st.lists(st.tuples(st.sets(st.integers(0, 7)), st.sampled_from(("", "lane", "other"))), max_size=8)


@given(_GRAPHS)
def test_needs_come_first_and_lanes_are_kept(graph: list[tuple[set[int], str]]) -> None:
    nodes = [
        _node(str(number), *(str(need) for need in needs if need < number), serial_group=serial_group)
        for number, (needs, serial_group) in enumerate(graph)
    ]
    cloud = Cloud()
    _run(nodes, cloud)
    made = [line.split()[1] for line in cloud.done if line.startswith("create")]
    assert sorted(made) == sorted(node.key for node in nodes)
    assert all(made.index(need) < made.index(node.key) for node in nodes for need in node.depends_on)
    cloud.done.clear()
    execute(planned_removal(nodes, cloud), cloud)
    gone = [line.split()[1] for line in cloud.done]
    assert cloud.there == {}
    assert all(gone.index(node.key) < gone.index(need) for node in nodes for need in node.depends_on)


@dataclass(frozen=True)
class Together(Thing):
    """A resource that is made, and looked at, only while another one is too."""

    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(2), compare=False)

    def current(self, cloud: Cloud) -> Settings | None:
        self.meeting.wait(5)
        return super().current(cloud)

    def create(self, cloud: Cloud) -> None:
        self.meeting.wait(5)
        super().create(cloud)


def test_what_does_not_need_each_other_is_done_side_by_side() -> None:
    meeting, cloud = threading.Barrier(2), Cloud()
    _run([Node(name, Together(name, meeting=meeting)) for name in ("one", "other")], cloud)
    assert set(cloud.there) == {"one", "other"}


def test_what_needs_each_other_is_an_error_and_no_endless_wait() -> None:
    nodes = [_node("a", "b"), _node("b", "a"), _node("c")]
    cloud = Cloud()
    with pytest.raises(ValueError, match="these depend on each other: a, b"):
        execute(planned(nodes, cloud), cloud)
    assert cloud.there.keys() == {"c"}


@dataclass(frozen=True)
class Slow(Thing):
    """A resource that goes only after a minute."""

    def delete(self, cloud: Cloud) -> None:
        pause(60)
        super().delete(cloud)


def test_an_error_ends_what_waits_and_what_has_not_begun() -> None:
    """Ctrl-C comes as an error of the main thread's, in the midst of what the others do."""
    nodes = [Node(str(number), Slow(str(number))) for number in range(20)]
    cloud = Cloud({name: {} for name in ["quick", *(node.key for node in nodes)]})
    began = time.monotonic()

    def interrupt(step: Step[Cloud]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(planned_removal([*nodes, _node("quick")], cloud), cloud, interrupt)
    assert time.monotonic() - began < 30
    assert cloud.done == ["delete quick"]
