"""What the shell completes beside commands, options and reports: formats, times, views, configuration sets, places.

A completion never fails and writes nothing: what cannot be found out is not offered.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from due_cli.core.settings import DEFAULT_STACK, AwsChoice, LocalChoice, Output, Settings, choose_target

_CACHE_SECONDS = 600
_TIMES = "1h 24h 7d 30d 6mo now today yesterday this-week last-week this-month last-month".split()


def outputs(incomplete: str) -> list[str]:
    """Formats of the output."""
    return _beginning(incomplete, Output)


def times(incomplete: str) -> list[str]:
    """Durations and named times; a date is typed."""
    return _beginning(incomplete, _TIMES)


def stacks(incomplete: str) -> list[str]:
    """The stack that the commands would use, and the default."""
    names = {DEFAULT_STACK}
    with suppress(Exception):
        choice = choose_target(Settings(), os.environ)
        names |= {choice.stack} if isinstance(choice, AwsChoice) else set()
    return _beginning(incomplete, sorted(names))


def regions(incomplete: str) -> list[str]:
    """The regions of AWS, as its SDK has them without a call."""
    from due_cli.aws.client import region_names

    return _beginning(incomplete, region_names())


def views(context: typer.Context, incomplete: str) -> list[str]:
    """The views of a folder; of a stack those of the guide."""
    from due_cli.sql import files

    names: Iterable[str] = files.names("views")
    with suppress(Exception):
        choice = choose_target(_settings(context), os.environ)
        if isinstance(choice, LocalChoice):
            from due_cli.api.target import open_target
            from due_cli.core.progress import Silent

            names = [str(row[0]) for row in open_target(choice, Silent()).views().rows]
    return _beginning(incomplete, names)


def config_sets(context: typer.Context, incomplete: str) -> list[str]:
    """The configuration sets of SES in the account and region; asked of AWS once in ten minutes."""
    settings = _settings(context)

    def ask() -> list[str]:
        from due_cli.aws.client import Aws
        from due_cli.aws.stack.config_sets import config_set_names

        return config_set_names(Aws(settings.profile, settings.region))

    profile = settings.profile or os.environ.get("AWS_PROFILE", "")
    region = settings.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    with suppress(Exception):
        return _beginning(incomplete, _cached(f"config-sets {profile} {region}", ask))
    return []


def _cached(key: str, ask: Callable[[], list[str]]) -> list[str]:
    """The names that were found a short time ago under a key, else new ones."""
    base = os.environ.get("XDG_CACHE_HOME")
    file = (Path(base) if base else Path.home() / ".cache") / "due" / "completion.json"
    cache: dict[str, tuple[float, list[str]]] = {}
    with suppress(OSError, ValueError):
        cache = json.loads(file.read_text("utf-8"))
    found_at, names = cache.get(key, (0.0, []))
    if not 0 <= time.time() - found_at < _CACHE_SECONDS:
        names = ask()
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            new = file.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps({**cache, key: (time.time(), names)}), "utf-8")
            new.replace(file)
    return names


def _settings(context: typer.Context) -> Settings:
    """What was typed before of the options that name a target."""
    typed: dict[str, Any] = {}
    around: Any = context
    while around is not None:
        typed = {**{name: value for name, value in around.params.items() if value is not None}, **typed}
        around = around.parent
    local = typed.get("local")
    return Settings(
        local=None if local is None else Path(local),
        stack=typed.get("stack"),
        region=typed.get("region"),
        profile=typed.get("profile"),
    )


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [str(name) for name in names if name.startswith(incomplete)]
