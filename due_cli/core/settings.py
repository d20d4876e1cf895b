"""What a command was told besides its own options, and which target it works on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

from due_cli.core.errors import ConfigurationError, UsageError

PROJECT_FILE = "due.toml"
DEFAULT_STACK = "due"
SETUP_FORMS = "due setup (on AWS), or due setup --local DIR (on this machine)"


@unique
class Output(StrEnum):
    """How results are written to standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The global options, each from its flag; ``output`` also from its environment variable."""

    local: Path | None = None
    stack: str | None = None
    region: str | None = None
    profile: str | None = None
    output: Output = Output.TABLE
    quiet: bool = False
    debug: bool = False
    color: bool = True


@dataclass(frozen=True, slots=True)
class LocalChoice:
    """A folder on this machine, and what chose it."""

    folder: Path
    source: str


@dataclass(frozen=True, slots=True)
class AwsChoice:
    """A stack on AWS, and what chose it; a region or profile that is None is what boto3 finds."""

    stack: str
    region: str | None
    profile: str | None
    source: str


Choice = LocalChoice | AwsChoice


def chosen(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """The target of a command: the flag, else the environment, else ``due.toml`` here or above, else the last setup's.

    Raises :class:`UsageError` where two targets are named at once, :class:`ConfigurationError` where none is, and
    for a file that cannot be read.
    """
    found = _named(settings, environment) or _of_file(recorded_file(environment), settings, environment)
    if found is None:
        raise ConfigurationError("no events database is set up", SETUP_FORMS)
    return found


def chosen_for_setup(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """What ``due setup`` sets up: what is named; else the recorded stack, else a stack of the name ``due``."""
    found = _named(settings, environment)
    if found is None:
        with suppress(ConfigurationError):
            found = _of_file(recorded_file(environment), settings, environment)
    if found is None or (isinstance(found, LocalChoice) and found.source == str(recorded_file(environment))):
        return AwsChoice(DEFAULT_STACK, _region({}, settings, environment), settings.profile, "the default")
    return found


def recorded_file(environment: Mapping[str, str]) -> Path:
    """Where the last ``due setup`` recorded its target: the user's configuration folder."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "due" / "config.toml"


def record(choice: Choice, environment: Mapping[str, str]) -> None:
    """Makes a target that of later commands; written whole or not at all."""
    file = recorded_file(environment)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text("".join(f"{key} = {_toml_text(value)}\n" for key, value in _words_for(choice).items()), "utf-8")
    new.replace(file)


def forget(choice: Choice, environment: Mapping[str, str]) -> None:
    """Removes the record of what is no target any more."""
    file = recorded_file(environment)
    with suppress(OSError, ConfigurationError):
        words, gone = _words_of(file), _words_for(choice)
        if words and all(words.get(key) == gone.get(key) for key in ("local", "stack", "region")):
            file.unlink()
            file.parent.rmdir()


def output_of(text: str | None) -> Output:
    """The output format of a flag or of ``DUE_OUTPUT``; raises :class:`UsageError` for another word."""
    if not text:
        return Output.TABLE
    try:
        return Output(text.lower())
    except ValueError:
        raise UsageError(f"{text!r} is not an output format", "table, json, csv or markdown") from None


def _project_files(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            yield folder / PROJECT_FILE


# What names a target, by its key in a file and its environment variable.
_VARIABLES = {"local": "DUE_LOCAL", "stack": "DUE_STACK"}
_KEYS = ("local", "stack", "region", "profile")


def _named(settings: Settings, environment: Mapping[str, str]) -> Choice | None:
    flags = {key: str(value) for key in _VARIABLES if (value := getattr(settings, key)) is not None}
    variables = {key: environment[name] for key, name in _VARIABLES.items() if environment.get(name)}
    for words, source in ((flags, "--local or --stack"), (variables, "DUE_LOCAL or DUE_STACK")):
        found = _choice(words, Path.cwd(), source, settings, environment)
        if found is not None:
            return found
    for file in _project_files(Path.cwd()):
        if (found := _of_file(file, settings, environment)) is not None:
            return found
    return None


def _of_file(file: Path, settings: Settings, environment: Mapping[str, str]) -> Choice | None:
    return _choice(_words_of(file), file.parent, str(file), settings, environment)


def _choice(
    words: Mapping[str, str], base: Path, source: str, settings: Settings, environment: Mapping[str, str]
) -> Choice | None:
    if "local" in words and "stack" in words:
        raise UsageError(f"{source}: a folder and a stack are named at once", "name one of the two")
    if "local" in words:
        return LocalChoice((base / words["local"]).absolute(), source)
    if "stack" in words:
        profile = settings.profile or environment.get("AWS_PROFILE") or words.get("profile")
        return AwsChoice(words["stack"], _region(words, settings, environment), profile, source)
    return None


def _region(words: Mapping[str, str], settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The AWS CLI reads both variables; boto3 alone knows the second only."""
    named = (settings.region, environment.get("AWS_REGION"), environment.get("AWS_DEFAULT_REGION"))
    return next((region for region in named if region), words.get("region"))


def _words_of(file: Path) -> dict[str, str]:
    import tomllib

    if not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}", _EXAMPLE) from None
    words = {key: found[key] for key in _KEYS if key in found}
    for key, value in words.items():
        if not isinstance(value, str):
            raise ConfigurationError(f"{file}: {key} is not text", _EXAMPLE)
    return words


_EXAMPLE = 'write: local = "DIR", or: stack = "due"'


def _words_for(choice: Choice) -> dict[str, str]:
    if isinstance(choice, LocalChoice):
        return {"local": str(choice.folder)}
    words = {"stack": choice.stack, "region": choice.region, "profile": choice.profile}
    return {key: value for key, value in words.items() if value is not None}


def _toml_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
