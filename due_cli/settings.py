"""What a command was told besides its own options, and which target it works on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

from due_cli.errors import ConfigurationError, UsageError

PROJECT_FILE = "due.toml"
SETUP_FORMS = "due setup --local DIR (this machine); due setup (AWS, in a coming version)"


@unique
class Output(StrEnum):
    """How results are written to standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The global options, each from its flag or else its environment variable."""

    local: Path | None = None
    output: Output = Output.TABLE
    quiet: bool = False
    debug: bool = False
    color: bool = True


@dataclass(frozen=True, slots=True)
class LocalChoice:
    """The folder that a command works on, and what chose it."""

    folder: Path
    source: str


def chosen_folder(settings: Settings, environment: Mapping[str, str]) -> LocalChoice:
    """The local target: the flag or ``DUE_LOCAL``, ``due.toml`` here or above, what the last setup recorded.

    Raises :class:`ConfigurationError` where none of them names one, and for a ``due.toml`` that cannot be read.
    """
    if settings.local is not None:
        return LocalChoice(settings.local.absolute(), "--local or DUE_LOCAL")
    for file in _project_files(Path.cwd()):
        folder = _local_of(file)
        if folder is not None:
            return LocalChoice((file.parent / folder).absolute(), str(file))
    recorded = recorded_file(environment)
    if recorded.is_file():
        folder = _local_of(recorded)
        if folder is not None:
            return LocalChoice(Path(folder), str(recorded))
    raise ConfigurationError("no events database is set up", SETUP_FORMS)


def recorded_file(environment: Mapping[str, str]) -> Path:
    """Where the last ``due setup`` recorded its target: the user's configuration folder."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "due" / "config.toml"


def record(folder: Path, environment: Mapping[str, str]) -> None:
    """Makes a folder the target of later commands; written whole or not at all."""
    file = recorded_file(environment)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text(f"local = {_toml_text(str(folder))}\n", "utf-8")
    new.replace(file)


def forget(folder: Path, environment: Mapping[str, str]) -> None:
    """Removes the record of a folder that is no target any more."""
    file = recorded_file(environment)
    with suppress(OSError, ConfigurationError):
        if _local_of(file) == str(folder):
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


def _local_of(file: Path) -> str | None:
    import tomllib

    try:
        found = tomllib.loads(file.read_text("utf-8")).get("local")
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}", 'write: local = "DIR"') from None
    if found is not None and not isinstance(found, str):
        raise ConfigurationError(f"{file}: local is not text", 'write: local = "DIR"')
    return found


def _toml_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
