"""Faults on purpose: delays, refusals and hooks, each on the calls that it names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import Answer, RefusedError

OWN_KEY = "testing"  # the access key with which tests look and prepare
Callback = TypeVar("Callback", bound=Callable[..., Any])
Substitute = Callable[[Any], Answer | None]  # of a call's parameters

_unmet: list[Rule | Hook[Any]] = []  # of the test that runs: one at a time in a process


def forget_unmet() -> list[str]:
    """Return the faults that no call has met since the last time, and forget them."""
    unmet = [str(one) for one in _unmet]
    _unmet.clear()
    return unmet


def _met(fault: Rule | Hook[Any]) -> None:
    with suppress(ValueError):
        _unmet.remove(fault)


@dataclass(eq=False)
class Hook(Generic[Callback]):
    """What runs at a call: after it took effect and before its answer leaves, or in the place of the service."""

    number: int | None
    name: str
    callback: Callback


@dataclass(eq=False)
class Rule:
    """A refusal of some calls. It may be made after the call took effect, as when only the answer is lost."""

    refusal: RefusedError
    name: str = "*"
    number: int | None = None
    times: int | None = None
    by: str = "user"
    after: bool = False

    def matches(self, call: Call) -> bool:
        """Whether the rule is about a call and not used up."""
        return (
            self.times != 0
            and (self.by in ("*", call.by))
            and (self.number is None or self.number == call.number)
            and fnmatchcase(call.name, self.name)
        )


class Faults:
    """What goes wrong on purpose; ``name`` is a pattern of ``service:Operation``, ``number`` the n-th user's call."""

    def __init__(self) -> None:
        self.delay = 0.0  # seconds that every call of a user takes
        self.delays: dict[str, float] = {}  # the same for a pattern of names
        self._rules: list[Rule] = []
        self._hooks: list[Hook[Callable[[Call], None]]] = []
        self._substitutes: dict[str, Hook[Substitute]] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.delay = 0.0
        self.delays.clear()
        self._rules.clear()
        self._hooks.clear()
        self._substitutes.clear()

    def answer(self, name: str, substitute: Substitute) -> None:
        """Answers calls of one ``service:Operation`` in the place of the service, or lets one pass with None."""
        self._substitutes[name] = Hook(None, name, substitute)
        _unmet.append(self._substitutes[name])

    def refuse(
        self,
        name: str,
        code: str,
        message: str = "made to fail",
        status: int = 400,
        *,
        number: int | None = None,
        times: int | None = None,
        by: str = "user",
        after: bool = False,
    ) -> Rule:
        """Refuses calls: all that match, the n-th, or the first so many."""
        rule = Rule(RefusedError(code, message, status), name, number, times, by, after)
        self._rules.append(rule)
        _unmet.append(rule)
        return rule

    def throttle(self, name: str = "*", *, number: int | None = None, times: int | None = 1) -> Rule:
        """Throttles calls; the code is the one that every SDK retries."""
        return self.refuse(name, "ThrottlingException", "Rate exceeded", 400, number=number, times=times)

    def fail(self, name: str = "*", *, number: int | None = None, times: int | None = 1, after: bool = False) -> Rule:
        """Answers 500; ``after`` the call took effect, if asked."""
        words = "We encountered an internal error"
        return self.refuse(name, "InternalError", words, 500, number=number, times=times, after=after)

    def deny(self, name: str = "*", *, number: int | None = None, times: int | None = None) -> Rule:
        """Denies access."""
        words = "User is not authorized to perform this action"
        return self.refuse(name, "AccessDenied", words, 403, number=number, times=times)

    def hook(self, callback: Callable[[Call], None], *, number: int | None = None, name: str = "*") -> None:
        """Runs something after a call took effect and before its answer leaves, e.g. to kill who called."""
        hook = Hook(number, name, callback)
        self._hooks.append(hook)
        _unmet.append(hook)

    def unhook(self) -> None:
        """Runs nothing any more."""
        self._hooks.clear()

    def answered(self, call: Call) -> Answer | None:
        """The answer of a substitute. The calls of :meth:`Core.client` go past them: substitutes make some."""
        substitute = self._substitutes.get(call.name)
        if substitute is None or call.access_key == OWN_KEY:
            return None
        _met(substitute)
        return substitute.callback(call.parameters)

    def before(self, call: Call) -> None:
        """What goes wrong before a call takes effect."""
        if call.by == "user":
            named = [seconds for name, seconds in self.delays.items() if fnmatchcase(call.name, name)]
            wait = max(named, default=self.delay)
            if wait:
                time.sleep(wait)
        self._apply(call, after=False)

    def after(self, call: Call) -> None:
        """What goes wrong after a call took effect."""
        if call.by == "user":
            for hook in list(self._hooks):
                if hook.number in (None, call.number) and fnmatchcase(call.name, hook.name):
                    _met(hook)
                    hook.callback(call)
        self._apply(call, after=True)

    def _apply(self, call: Call, *, after: bool) -> None:
        with self._lock:
            for rule in self._rules:
                if rule.after is after and rule.matches(call):
                    _met(rule)
                    if rule.times is not None:
                        rule.times -= 1
                    raise rule.refusal
