"""The types that sources share: JSON, a record, the envelope around it, its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, TypedDict

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Record = dict[str, Json]
_LONGEST_REASON = 300  # characters; a reason quotes the record, which may hold anything
Struct = dict[str, Json]


class EmailChannel(TypedDict):
    """The only facet that the table has."""

    mail_event: Struct


class Facets(TypedDict):
    """The column ``facets``, which only rows about mail have."""

    email_channel: EmailChannel


class Row(TypedDict, total=False):
    """One row of ``all_events`` (docs/data.md); a column that is missing is NULL.

    Times are epoch milliseconds, UTC. The first thirteen columns are those of the AWS solution's table, the last
    five are due's own.
    """

    event_type: str
    event_timestamp: int
    arrival_timestamp: int
    event_version: str
    application: Struct
    client: Struct
    device: Struct
    session: dict[str, str]
    attributes: dict[str, str]
    client_context: Struct
    awsaccountid: str
    facets: Facets
    metrics: dict[str, float]
    event_id: str
    source: str
    occurred_at: int
    metric_values: dict[str, float]
    details: dict[str, str]


class UnreadableError(ValueError):
    """A record that cannot become a row; the message is the reason that is kept beside it, one line of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason[:_LONGEST_REASON].split()))


def bug_reason(bug: Exception) -> str:
    """The reason that is kept beside a record which an unexpected exception made unreadable."""
    return f"a bug in due: {type(bug).__name__}: {bug}"


def may_have_empty(line: bytes) -> bool:
    """Whether a row that was encoded as compact JSON may have an empty list or map; mostly it has none."""
    return b"[]" in line or b"{}" in line


def without_empty(row: Row) -> Row:
    """A row as it is stored: without lists and maps that have no entry, however deep, which are NULL in the table.

    Hive's Parquet writer fails on them in some versions (HIVE-13632), and which one Firehose has is not known.
    """
    return _without_empty(row)  # type: ignore[arg-type,return-value]  # a TypedDict of JSON values


def _without_empty(struct: Struct) -> Struct:
    kept = {key: _kept(value) for key, value in struct.items()}
    return {key: value for key, value in kept.items() if value or (type(value) is not dict and type(value) is not list)}


def _kept(value: Json) -> Json:
    if type(value) is dict:
        return _without_empty(value)
    if type(value) is list:
        kept = [_kept(item) for item in value]
        return [item for item in kept if item or type(item) is not dict]
    return value


class RecordRows(NamedTuple):
    """The rows of one record (none for a test ping), and how many of its fields had an unexpected type."""

    rows: list[Row]
    nulled: int = 0


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the wrappers around a record say that the record itself may not.

    ``received_at`` is when a stream received it and ``sent_at`` when a topic or bus sent it on (epoch ms);
    ``account`` and ``region`` are of an ARN, a log or EventBridge; ``bus_source``, ``detail_type`` and ``resources``
    (ARNs) EventBridge's.
    """

    received_at: int | None = None
    sent_at: int | None = None
    account: str | None = None
    bus_source: str | None = None
    detail_type: str | None = None
    region: str | None = None
    resources: tuple[str, ...] = ()

    def within(
        self,
        *,
        received_at: int | None = None,
        sent_at: int | None = None,
        account: str | None = None,
        region: str | None = None,
        bus_source: str | None = None,
        detail_type: str | None = None,
        resources: tuple[str, ...] = (),
    ) -> Envelope:
        """The same envelope after one more wrapper was opened: what the inner one says counts."""
        return replace(
            self,
            received_at=received_at if received_at is not None else self.received_at,
            sent_at=sent_at if sent_at is not None else self.sent_at,
            account=account or self.account,
            region=region or self.region,
            bus_source=bus_source or self.bus_source,
            detail_type=detail_type or self.detail_type,
            resources=resources or self.resources,
        )
