"""What may be chosen for a stack, and how a later setup finds what was chosen.

The choices stand in the environment of the transform function, so they are in AWS beside what they describe, and a
setup that names one option keeps the others (docs/aws.md, "Names and ownership").
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

from due_cli.aws.stack.names import checked_database
from due_cli.aws.tags import OWNER
from due_cli.core.errors import UsageError

OPTIONS_VARIABLE = "DUE_OPTIONS"


def _choice(default: Any, metavar: str, about: str, least: int = 0, most: int = 0) -> Any:
    """An option of ``due setup``: its default, how it is written in the help, and what AWS takes."""
    return field(default=default, metadata={"metavar": metavar, "about": about, "between": (least, most)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Each field but the last two is an option of ``due setup``; the defaults are a new stack's.

    The limits are those of Firehose (BufferingHints; Parquet needs 64 MB), Lambda (quotas) and Athena (scan cutoff).
    """

    database: str = _choice("due_eventdb", "NAME", "Name of the database: lower-case letters, digits and _.")
    status_days: int = _choice(90, "DAYS", "Keep a message's status so long after its last event.", 1, 3650)
    kms_key: str | None = _choice(None, "ARN", "Encrypt with this key instead of AWS's own.")
    buffer_mb: int = _choice(128, "MB", "Deliver events after so many megabytes.", 64, 128)
    buffer_seconds: int = _choice(300, "SECONDS", "Deliver events after so long.", 60, 900)
    transform_memory_mb: int = _choice(512, "MB", "Memory of the transform function.", 128, 10240)
    transform_concurrency: int | None = _choice(None, "N", "Reserve so many transforms at a time; 0 for none.", 1, 1000)
    log_days: int = _choice(365, "DAYS", "Keep logs so long.")
    results_days: int = _choice(30, "DAYS", "Keep the results of queries so long.", 1, 3650)
    scan_cutoff_bytes: int = _choice(10**12, "BYTES", "The most that one query may scan.", 10**7, 7 * 2**50)
    alarm_email: str | None = _choice(None, "ADDRESS", "Mail alarms there; '' for nowhere.")
    usage_endpoint: str | None = _choice(None, "URL", "Send counts of use there (guide, appendix F); '' for nowhere.")
    pinpoint: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> str:
        """The choices that are not the defaults, as text, the same text for the same choices."""
        chosen = {key: value for key, value in asdict(self).items() if value != getattr(_DEFAULTS, key)}
        return json.dumps(chosen, sort_keys=True, separators=(",", ":"))

    def tags_of(self, stack: str) -> dict[str, str]:
        """What every resource of a stack is tagged with."""
        return {**self.tags, OWNER: stack}

    def changed(self, asked: Mapping[str, object]) -> Options:
        """The same with what was asked for: None is what was not said; an empty text, or 0 for none, the default."""
        said = {key: _meant(key, value) for key, value in asked.items() if value is not None}
        return replace(self, **said)  # type: ignore[arg-type]  # its own fields, as typed


def _meant(key: str, value: object) -> object:
    default = getattr(_DEFAULTS, key)
    return default if value == "" or (value == 0 and default is None) else value


def choices() -> list[Field[Any]]:
    """The fields that are options of ``due setup``, with ``metavar``, ``about`` and ``between`` as metadata."""
    return [one for one in fields(Options) if one.metadata]


def unpacked(text: str) -> Options:
    """The options that :meth:`Options.packed` wrote; what this version does not know is left out."""
    found = json.loads(text or "{}")
    known = {one.name for one in fields(Options)}
    return Options(**{key: value for key, value in found.items() if key in known})


def checked(options: Options) -> Options:
    """The options; raises :class:`UsageError` for one that AWS would refuse."""
    checked_database(options.database)
    for choice in choices():
        value, (least, most) = getattr(options, choice.name), choice.metadata["between"]
        if most and value is not None and not least <= value <= most:
            raise UsageError(f"--{choice.name.replace('_', '-')}: {value:,} is not between {least:,} and {most:,}")
    if options.log_days not in _LOG_DAYS:
        raise UsageError(f"--log-days: CloudWatch Logs does not keep {options.log_days} days", f"one of {_LISTED}")
    if options.kms_key and not _KEY.fullmatch(options.kms_key):  # of an alias IAM does not know which key it is
        raise UsageError(f"--kms-key: {options.kms_key!r} is not the ARN of a key", "arn:aws:kms:REGION:ACCOUNT:key/ID")
    if len(options.packed().encode()) > _MOST_BYTES:
        raise UsageError(
            f"--tag: {len(options.tags)} tags are more than Lambda keeps with a function", "fewer or shorter ones"
        )
    if options.alarm_email and "@" not in options.alarm_email:
        raise UsageError(f"--alarm-email: {options.alarm_email!r} is not an address")
    if options.usage_endpoint and not options.usage_endpoint.startswith("https://"):
        raise UsageError(f"--usage-endpoint: {options.usage_endpoint!r} is not an https:// address")
    return options


_DEFAULTS = Options()
_MOST_BYTES = 3_000  # of the 4 KB that the environment of a function may have (Lambda quotas); the rest is names
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")
# CloudWatch Logs API, PutRetentionPolicy.
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_LISTED = ", ".join(map(str, _LOG_DAYS))
