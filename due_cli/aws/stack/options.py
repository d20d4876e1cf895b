"""The options of a stack, and how a later setup finds them.

They are stored in the environment of the transform function, so they are in AWS beside what they describe, a second
machine finds them, and a setup that gives one option keeps the others (docs/aws.md, "Names and ownership").
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

from due_cli.aws.tags import STACK_TAG
from due_cli.core.errors import UsageError
from due_cli.core.settings import DEFAULT_DATABASE, validate_database

OPTIONS_VARIABLE = "DUE_OPTIONS"


def _option(default: Any, metavar: str, about: str, least: int = 0, most: int = 0, *, keeps_empty: bool = False) -> Any:
    """An option of ``due setup``: its default, its help, the range that AWS takes, whether '' is not the default."""
    about_it = {"metavar": metavar, "about": about, "between": (least, most), "keeps_empty": keeps_empty}
    return field(default=default, metadata=about_it)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a stack, with the defaults of a new one; all but the last three are options of ``due setup``.

    The limits are those of Firehose (BufferingHints, where Parquet needs 64 MB; the transform's buffer), Lambda
    (quotas) and Athena (scan cutoff).
    """

    database: str = _option(DEFAULT_DATABASE, "NAME", "Name of the database: lower-case letters, digits and _.")
    status_days: int = _option(90, "DAYS", "Days to keep a message's status after its last event.", 1, 3650)
    kms_key: str | None = _option(
        None, "ARN", "KMS key to encrypt with instead of AWS's own; '' for those.", keeps_empty=True
    )
    permissions_boundary: str | None = _option(
        None, "ARN", "Permissions boundary of every role; '' to remove it.", keeps_empty=True
    )
    buffer_mb: int = _option(128, "MB", "Megabytes of events after which they are delivered.", 64, 128)
    buffer_seconds: int = _option(300, "SECONDS", "Seconds after which events are delivered.", 60, 900)
    status_delay: int = _option(60, "SECONDS", "Seconds after which statuses of events are written.", 0, 900)
    transform_memory_mb: int = _option(512, "MB", "Memory of the transform function.", 128, 10240)
    transform_concurrency: int | None = _option(None, "N", "Reserved concurrency of the transform function.", 1, 1000)
    log_days: int = _option(365, "DAYS", "Days to keep logs.")
    results_days: int = _option(30, "DAYS", "Days to keep the results of queries.", 1, 3650)
    scan_cutoff_bytes: int = _option(10**12, "BYTES", "Most bytes that one query may scan.", 10**7, 7 * 2**50)
    alarm_email: str | None = _option(None, "ADDRESS", "Email address for alarms; '' to disable.")
    usage_endpoint: str | None = _option(None, "URL", "URL to send usage counts to; '' to disable.")
    pinpoint: bool = True
    catalog_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> str:
        """The options that are not the defaults, as text, the same text for the same options."""
        chosen = {key: value for key, value in asdict(self).items() if value != getattr(_DEFAULTS, key)}
        return json.dumps(chosen, sort_keys=True, separators=(",", ":"))

    def tags_of(self, stack: str) -> dict[str, str]:
        """The tags of every resource of a stack."""
        return {**self.tags, STACK_TAG: stack}

    def updated(self, given: Mapping[str, object]) -> Options:
        """The same with the given options: None keeps one; an empty text, or 0 for none, resets it to its default."""
        changes = {key: _or_default(key, value) for key, value in given.items() if value is not None}
        return replace(self, **changes)  # type: ignore[arg-type]  # its own fields, as typed


def _or_default(key: str, value: object) -> object:
    default = getattr(_DEFAULTS, key)
    is_reset = value == "" and key not in _KEEP_EMPTY
    return default if is_reset or (value == 0 and default is None) else value


def setup_options() -> list[Field[Any]]:
    """The fields that are options of ``due setup``, with ``metavar``, ``about`` and ``between`` as metadata."""
    return [option for option in fields(Options) if option.metadata]


def decode_options(text: str) -> Options:
    """The options that :meth:`Options.encode` wrote; those that this version does not know are left out."""
    stored = json.loads(text or "{}")
    known = {option.name for option in fields(Options)}
    return Options(**{key: value for key, value in stored.items() if key in known})


def validate(options: Options) -> None:
    """Raise :class:`UsageError` for an option that AWS would refuse."""
    validate_database(options.database)
    for option in setup_options():
        value, (least, most) = getattr(options, option.name), option.metadata["between"]
        if most and value is not None and not least <= value <= most:
            raise UsageError(f"--{option.name.replace('_', '-')}: {value:,} is not between {least:,} and {most:,}")
    if options.log_days not in _LOG_DAYS:
        raise UsageError(f"--log-days: CloudWatch Logs does not keep {options.log_days} days", f"one of {_LISTED}")
    if options.kms_key and not _KEY.fullmatch(options.kms_key):  # of an alias IAM does not know which key it is
        raise UsageError(f"--kms-key: {options.kms_key!r} is not the ARN of a key", "arn:aws:kms:REGION:ACCOUNT:key/ID")
    if options.permissions_boundary and not _BOUNDARY.fullmatch(options.permissions_boundary):
        raise UsageError(
            f"--permissions-boundary: {options.permissions_boundary!r} is not the ARN of a policy",
            "arn:aws:iam::ACCOUNT:policy/NAME",
        )
    if len(options.encode().encode()) > _MOST_BYTES:
        raise UsageError(
            f"--tag: {len(options.tags)} tags are more than Lambda keeps with a function", "fewer or shorter ones"
        )
    if options.alarm_email and "@" not in options.alarm_email:
        raise UsageError(f"--alarm-email: {options.alarm_email!r} is not an address")
    if options.usage_endpoint and not options.usage_endpoint.startswith("https://"):
        raise UsageError(f"--usage-endpoint: {options.usage_endpoint!r} is not an https:// address")


_DEFAULTS = Options()
_KEEP_EMPTY = frozenset(option.name for option in setup_options() if option.metadata["keeps_empty"])
_MOST_BYTES = 3_000  # of the 4 KB that the environment of a function may have (Lambda quotas); the rest is names
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")
_BOUNDARY = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\x21-\x7f]{1,640}")
# CloudWatch Logs API, PutRetentionPolicy.
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_LISTED = ", ".join(map(str, _LOG_DAYS))
