"""The global options, and the target that a command works on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

from due_cli.core.errors import ConfigurationError, UsageError

PROJECT_FILE = "due.toml"
DEFAULT_STACK = "due"
DEFAULT_DATABASE = "due_eventdb"
SETUP_FORMS = "due setup (on AWS), or due setup --local DIR (on this machine)"


@unique
class Output(StrEnum):
    """How results are written to standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    NDJSON = "ndjson"
    PARQUET = "parquet"


FORMATS = f"{', '.join(list(Output)[:-1])} or {list(Output)[-1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The global options of a call."""

    local: Path | None = None
    stack: str | None = None
    region: str | None = None
    profile: str | None = None
    output: Output = Output.TABLE
    to: Path | None = None  # the file of -o parquet
    quiet: bool = False
    debug: bool = False
    color: bool = True
    pager: bool = True


@dataclass(frozen=True, slots=True)
class LocalChoice:
    """A folder on this machine; ``source`` says what selected it."""

    folder: Path
    source: str


@dataclass(frozen=True, slots=True)
class AwsChoice:
    """A stack on AWS; ``source`` says what selected it. Without a region or profile, boto3's default applies."""

    stack: str
    region: str | None
    profile: str | None
    source: str


Choice = LocalChoice | AwsChoice


def choose_target(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """The target of a command: the flag, else the environment, else ``due.toml`` here or above, else the last setup's.

    Raises :class:`UsageError` if a folder and a stack are named, :class:`ConfigurationError` if there is no target or a
    file cannot be read.
    """
    choice = _named_choice(settings, environment) or _choice_in_file(recorded_file(environment), settings, environment)
    if choice is None:
        raise ConfigurationError("no events database is set up", SETUP_FORMS)
    return choice


def choose_setup_target(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """The target of ``due setup``: the named one, else the recorded stack, else the stack ``due``."""
    choice = _named_choice(settings, environment)
    if choice is None:
        with suppress(ConfigurationError):
            choice = _choice_in_file(recorded_file(environment), settings, environment)
    if choice is None or (isinstance(choice, LocalChoice) and choice.source == str(recorded_file(environment))):
        return AwsChoice(DEFAULT_STACK, _region({}, settings, environment), settings.profile, "the default")
    return choice


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where due keeps on this machine what an interrupted command needs to go on."""
    base = environment.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "due"


def recorded_file(environment: Mapping[str, str]) -> Path:
    """The file in the user's configuration folder where ``due setup`` records its target."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "due" / "config.toml"


def record_target(choice: Choice, environment: Mapping[str, str]) -> None:
    """Make a target the default of later commands; the file is replaced atomically."""
    file = recorded_file(environment)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text("".join(f"{key} = {_toml_text(value)}\n" for key, value in _file_values(choice).items()), "utf-8")
    new.replace(file)


def forget_target(choice: Choice, environment: Mapping[str, str]) -> None:
    """Remove the record of a target that no longer exists."""
    file = recorded_file(environment)
    with suppress(OSError, ConfigurationError):
        recorded, removed = _read_file(file), _file_values(choice)
        if recorded and all(recorded.get(key) == removed.get(key) for key in ("local", "stack", "region")):
            file.unlink()
            file.parent.rmdir()


def output_of(text: str | None) -> Output:
    """The output format of a flag or of ``DUE_OUTPUT``; raises :class:`UsageError` for another word."""
    if not text:
        return Output.TABLE
    try:
        return Output(text.lower())
    except ValueError:
        raise UsageError(f"{text!r} is not an output format", FORMATS) from None


def validate_database(name: str) -> None:
    """Raise :class:`UsageError` for a ``--database`` that Glue does not accept; a folder follows the same rule."""
    if not _DATABASE.fullmatch(name):
        raise UsageError(
            f"--database: {name!r} is not a database name", "use lower-case letters, digits and _, 255 at most"
        )


def _project_files(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            yield folder / PROJECT_FILE


# The environment variable for each key that names a target.
_VARIABLES = {"local": "DUE_LOCAL", "stack": "DUE_STACK"}
_KEYS = ("local", "stack", "region", "profile")
_DATABASE = re.compile(r"[a-z0-9_]{1,255}")
_EXAMPLE = 'write: local = "DIR", or: stack = "due"'


def _named_choice(settings: Settings, environment: Mapping[str, str]) -> Choice | None:
    flags = {key: str(value) for key in _VARIABLES if (value := getattr(settings, key)) is not None}
    variables = {key: environment[name] for key, name in _VARIABLES.items() if environment.get(name)}
    for values, source in ((flags, "--local or --stack"), (variables, "DUE_LOCAL or DUE_STACK")):
        choice = _choice(values, Path.cwd(), source, settings, environment)
        if choice is not None:
            return choice
    for file in _project_files(Path.cwd()):
        if (choice := _choice_in_file(file, settings, environment)) is not None:
            return choice
    return None


def _choice_in_file(file: Path, settings: Settings, environment: Mapping[str, str]) -> Choice | None:
    return _choice(_read_file(file), file.parent, str(file), settings, environment)


def _choice(
    values: Mapping[str, str], base: Path, source: str, settings: Settings, environment: Mapping[str, str]
) -> Choice | None:
    if "local" in values and "stack" in values:
        raise UsageError(f"{source}: a folder and a stack are named at once", "name one of the two")
    if "local" in values:
        return LocalChoice((base / values["local"]).absolute(), source)
    if "stack" in values:
        profile = settings.profile or environment.get("AWS_PROFILE") or values.get("profile")
        return AwsChoice(values["stack"], _region(values, settings, environment), profile, source)
    return None


def _region(values: Mapping[str, str], settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The region of the option, the environment or the file; of the variables, boto3 itself reads the second only."""
    named = (settings.region, environment.get("AWS_REGION"), environment.get("AWS_DEFAULT_REGION"))
    return next((region for region in named if region), values.get("region"))


def _read_file(file: Path) -> dict[str, str]:
    import tomllib

    if not file.is_file():
        return {}
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}", _EXAMPLE) from None
    unknown = [key for key in content if key not in _KEYS]
    if unknown and file.name == PROJECT_FILE:  # a later version may record more of its target than this one knows
        raise ConfigurationError(f"{file}: unknown key {unknown[0]}; known keys: {', '.join(_KEYS)}", _EXAMPLE)
    values = {key: content[key] for key in _KEYS if key in content}
    for key, value in values.items():
        if not isinstance(value, str):
            raise ConfigurationError(f"{file}: {key} is not text", _EXAMPLE)
    return values


def _file_values(choice: Choice) -> dict[str, str]:
    if isinstance(choice, LocalChoice):
        return {"local": str(choice.folder)}
    values = {"stack": choice.stack, "region": choice.region, "profile": choice.profile}
    return {key: value for key, value in values.items() if value is not None}


def _toml_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
