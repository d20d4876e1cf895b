"""The table of wrappers: what each is, how it is recognised, what is in it, and what it knows of its records.

A wrapper is recognised by what it is and not by what stands beside: consoles, command lines and logs leave out, add and
rename the fields around a payload. What it knows (time, account, region) goes into the envelope of what it holds.

Sources: the developer guides of SNS ("Message format"), SQS, EventBridge ("Event structure"), Firehose ("Data
transformation", "HTTP endpoint delivery"), Kinesis, CloudWatch Logs ("Subscription filters"), API Gateway ("Payload
format") and Lambda ("Destinations"); Meta's "Webhooks payload".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from due_cli.events.compression import format_of, utf16_encoding
from due_cli.events.model import Envelope, Json, Record
from due_cli.events.registry import is_control_message
from due_cli.events.times import millis, seconds


class Encoded(NamedTuple):
    """Base64 text, which is what a stream's record has."""

    text: str


Payload = Json | Encoded
Inner = tuple[Payload, Envelope]


class Wrapper(NamedTuple):
    """A kind of wrapper; one of its ``keys`` is always there.

    ``recognises`` is asked of an object with one of the keys that is no record itself; ``open`` gives the payloads,
    each with its envelope. One that ``is_weak`` is any object with a payload in a field, unless a bus says that it is a
    record. One that ``is_list`` does not count as a level: what it lists does.
    """

    name: str
    keys: tuple[str, ...]
    recognises: Callable[[Record], bool]
    open: Callable[[Record, Envelope], Iterable[Inner]]
    is_weak: bool = False
    is_list: bool = False


class ExportedLine(NamedTuple):
    """An exported line of a log: its time as text, and the JSON after it."""

    time: str
    text: bytes


_ACCOUNT = re.compile(r"\d{12}")
_MICROSECONDS = 10**14  # of an epoch time; in milliseconds it would be the year 5138
_LOG_LINE = re.compile(
    rb"\s*(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
    rb'(?:[ \t]+[^ \t{"\r\n]+){0,6}[ \t]+([\[{]\s*["{\[].*|"\s*(?:[{\[]|\\"|\d{4}-).*)',
    re.DOTALL,
)
# JSON, text that is JSON, and a log's line, by what they begin with.
_START = re.compile(rb'(?:\xef\xbb\xbf)?[\s"\\]*(?:[{\[](?:\s*["\\{\[\]}]|\s*\Z)|\d{4}-\d\d-\d)')
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{8,}={0,2}\s*")
_TIMES = ("@timestamp", "timestamp", "time", "_time", "ts", "__REALTIME_TIMESTAMP")

# A field that holds a record, by what shippers, consoles and logs call it.
_FIELDS = tuple(
    "message Message MESSAGE log _raw _source @message body Body data Data Record record event result payload detail "
    "responsePayload default line msg value textPayload jsonPayload rawBody raw_body".split()
)


def log_line(text: bytes) -> ExportedLine | None:
    """The line of an exported or tailed log that ends with JSON; None for any other text."""
    match = _LOG_LINE.match(text) if text[:64].lstrip()[:1].isdigit() else None
    return ExportedLine(match[1].decode(), match[2]) if match else None


def is_log_line(text: str) -> bool:
    """Whether a text is a log's line that ends with JSON."""
    return text[:64].lstrip()[:1].isdigit() and log_line(text.encode("utf-8", "replace")) is not None


def packed(text: str) -> bool:
    """Whether a text is base64 of JSON or of something compressed."""
    start = "".join(text[:48].split())[:32]
    if len(start) < 8 or not _BASE64.fullmatch(start):
        return False
    try:
        head = base64.b64decode(start[: len(start) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return False
    is_data = _START.match(head) or format_of(head) or utf16_encoding(head)
    return bool(is_data) and _BASE64.fullmatch(text) is not None


def wrapper_of(value: Record) -> Wrapper | None:
    """The wrapper that an object is; None for one that is none."""
    return next((one for one in WRAPPERS if not value.keys().isdisjoint(one.keys) and one.recognises(value)), None)


def _holds(value: Json) -> bool:
    """Whether a field's value can hold a record: an object, a list of them, or text that is one."""
    if isinstance(value, str):
        start = value.lstrip("\ufeff \t\r\n")[:64]
        is_text_of_json = start[:1] == '"' and _START.match(start.encode("utf-8", "replace")) is not None
        return start[:1] in ("{", "[") or is_text_of_json or packed(value) or is_log_line(value)
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, (dict, list, str)) for item in value)
    )


def _time(value: Json) -> int | None:
    """Epoch ms of a time in any spelling: ISO 8601, milliseconds, seconds, journald's microseconds."""
    time = millis(value) or seconds(value)
    if time is None and (micros := _number(value)) is not None and micros > _MICROSECONDS:
        return millis(int(micros) // 1000)
    return time


def _number(value: Json) -> float | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return float(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _first_time(value: Record, names: Iterable[str]) -> int | None:
    return next((time for name in names if (time := _time(value.get(name))) is not None), None)


def _of_arn(envelope: Envelope, *arns: Json) -> Envelope:
    """The envelope with the account and region of the first ARN that has them."""
    for arn in arns:
        parts = arn.split(":") if isinstance(arn, str) and arn.startswith("arn:") else []
        if len(parts) > 5 and _ACCOUNT.fullmatch(parts[4]):
            return envelope.within(account=parts[4], region=parts[3])
    return envelope


def _account(value: Json) -> str | None:
    return value if isinstance(value, str) and _ACCOUNT.fullmatch(value) else None


def _word(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: Json) -> Record:
    return value if isinstance(value, dict) else {}


def _items(key: str, *of_items: str) -> Callable[[Record], bool]:
    """Whether a field is a list of objects that have one of some keys, or an empty one."""

    def recognises(value: Record) -> bool:
        items = value.get(key)
        return isinstance(items, list) and (
            not items or any(isinstance(item, dict) and not item.keys().isdisjoint(of_items) for item in items)
        )

    return recognises


def _open_items(key: str) -> Callable[[Record, Envelope], Iterator[Inner]]:
    def open_items(value: Record, envelope: Envelope) -> Iterator[Inner]:
        items = value[key]
        for item in items if isinstance(items, list) else []:
            yield item, envelope

    return open_items


def _records_of(value: Record) -> list[Json] | None:
    """The list of an event or batch of Firehose, Kinesis, SNS or SQS."""
    for key in ("records", "Records"):
        if isinstance(items := value.get(key), list):
            return items
    return None


def _open_records(value: Record, envelope: Envelope) -> Iterator[Inner]:
    within = _of_arn(envelope, value.get("deliveryStreamArn"), value.get("sourceKinesisStreamArn"))
    for item in _records_of(value) or []:
        yield item, within


def _open_sns_record(value: Record, envelope: Envelope) -> Iterator[Inner]:
    yield value["Sns"], _of_arn(envelope, value.get("EventSubscriptionArn"))


def _is_notification(value: Record) -> bool:
    kind = value.get("Type")
    is_sns = kind == "Notification" or (kind is None and ("TopicArn" in value or "SignatureVersion" in value))
    return "Message" in value and is_sns


def _open_notification(value: Record, envelope: Envelope) -> Iterator[Inner]:
    within = _of_arn(envelope, value.get("TopicArn")).within(sent_at=_time(value.get("Timestamp")))
    yield value["Message"], within


def _is_bus_event(value: Record) -> bool:
    return ("detail" in value and ("detail-type" in value or "source" in value)) or (
        "Detail" in value and ("DetailType" in value or "Source" in value)
    )


def _open_bus_event(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """An event of EventBridge, as a target receives it or as it is put."""
    is_event = "detail" in value
    detail, time, source, kind, resources = (
        value.get(name)
        for name in (
            ("detail", "time", "source", "detail-type", "resources")
            if is_event
            else ("Detail", "Time", "Source", "DetailType", "Resources")
        )
    )
    within = envelope.within(
        sent_at=_time(time),
        account=_word(value.get("account")),
        region=_word(value.get("region")),
        bus_source=_word(source),
        detail_type=_word(kind),
        resources=tuple(filter(None, map(_word, resources))) if isinstance(resources, list) else (),
    )
    yield detail, within


_BESIDE_DATA = (
    "recordId partitionKey PartitionKey sequenceNumber SequenceNumber kinesisSchemaVersion approximateArrivalTimestamp "
    "ApproximateArrivalTimestamp"
).split()


def _stream_data(value: Record) -> str | None:
    data = value.get("data", value.get("Data"))
    if isinstance(data, str) and (_holds(data) or not value.keys().isdisjoint(_BESIDE_DATA)):
        return data
    return None


def _open_stream_record(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """A record of Firehose or Kinesis: base64, or the text itself where a command line was given that."""
    data = _stream_data(value) or ""
    arrived = _first_time(value, ("approximateArrivalTimestamp", "ApproximateArrivalTimestamp", "arrivalTimestamp"))
    is_text = _holds(data) and not packed(data)
    yield data if is_text else Encoded(data), envelope.within(received_at=arrived)


def _open_kinesis(value: Record, envelope: Envelope) -> Iterator[Inner]:
    inner = _object(value["kinesis"])
    within = _of_arn(envelope, value.get("eventSourceARN"))
    arrived = _time(inner.get("approximateArrivalTimestamp"))
    data = inner.get("data")
    is_encoded = isinstance(data, str) and (packed(data) or not _holds(data))
    yield Encoded(data) if is_encoded and isinstance(data, str) else data, within.within(received_at=arrived)


def _is_failure(value: Record) -> bool:
    return isinstance(value.get("rawData"), str)


def _open_failure(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """What Firehose left under ``errors/``."""
    arrived = _first_time(value, ("arrivalTimestamp", "ArrivalTimestamp"))
    yield Encoded(str(value["rawData"])), envelope.within(received_at=arrived)


def _open_awslogs(value: Record, envelope: Envelope) -> Iterator[Inner]:
    yield Encoded(str(_object(value["awslogs"]).get("data"))), envelope


def _is_log_events(value: Record) -> bool:
    """Whether an object is a data message; a control message has no event, and is ignored as a record."""
    return not is_control_message(value) and _items("logEvents", "message")(value)


def _open_log_events(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """The data message of a subscription, whose ``owner`` is the account of the log."""
    within = envelope.within(account=_account(value.get("owner")))
    yield from _open_items("logEvents")(value, within)


def _open_query_results(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """The answer of a Logs Insights query: rows of fields, of which ``@message`` is the log event."""
    rows = value["results"]
    for row in rows if isinstance(rows, list) else []:
        cells = [cell for cell in row if isinstance(cell, dict)] if isinstance(row, list) else []
        yield {str(cell.get("field")): cell.get("value") for cell in cells}, envelope


def _is_query_results(value: Record) -> bool:
    rows = value.get("results")
    return isinstance(rows, list) and any(
        isinstance(row, list) and any(isinstance(cell, dict) and "field" in cell for cell in row) for row in rows
    )


def _is_queue_message(value: Record) -> bool:
    if "SentTimestamp" in _attributes(value):
        return True
    beside = ("receiptHandle", "ReceiptHandle", "md5OfBody", "MD5OfBody", "eventSource", "eventSourceARN", "MessageId")
    return isinstance(value.get("body", value.get("Body")), str) and not value.keys().isdisjoint(beside)


def _attributes(value: Record) -> Record:
    return _object(value.get("attributes", value.get("Attributes")))


def _open_queue_message(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """A message of SQS, in the event of a function or as ``receive-message`` prints it."""
    sent_at = _time(_attributes(value).get("SentTimestamp"))
    within = _of_arn(envelope, value.get("eventSourceARN")).within(sent_at=sent_at)
    yield value.get("body", value.get("Body")), within


def _is_request(value: Record) -> bool:
    body = value.get("body")
    return (isinstance(body, str) and value.get("isBase64Encoded") is True) or _holds(body)


def _open_request(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """A request to API Gateway or a function's URL, or a logged one."""
    context = _object(value.get("requestContext"))
    sent_at = _first_time(context, ("timeEpoch", "requestTimeEpoch")) or _first_time(value, _TIMES)
    within = envelope.within(sent_at=sent_at, account=_account(context.get("accountId")))
    body = value["body"]
    is_encoded = value.get("isBase64Encoded") is True and isinstance(body, str)
    yield Encoded(body) if is_encoded and isinstance(body, str) else body, within


def _open_destination(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """What Lambda sends to a destination: the event is the request, whatever the function made of it."""
    within = _of_arn(envelope, _object(value.get("requestContext")).get("functionArn"))
    yield value["requestPayload"], within.within(sent_at=_time(value.get("timestamp")))


def _is_webhook(value: Record) -> bool:
    """Whether an object is the body of Meta's webhook for WhatsApp; its other products have one of the same shape."""
    return value.get("object", "whatsapp_business_account") == "whatsapp_business_account" and _items(
        "entry", "changes"
    )(value)


def _open_hits(value: Record, envelope: Envelope) -> Iterator[Inner]:
    """The answer of an Elasticsearch or OpenSearch query."""
    hits = value["hits"]
    inner = hits.get("hits") if isinstance(hits, dict) else hits
    for hit in inner if isinstance(inner, list) else []:
        yield hit, envelope


def _is_hits(value: Record) -> bool:
    hits = value.get("hits")
    inner = hits.get("hits") if isinstance(hits, dict) else hits
    return isinstance(inner, list) and (not inner or any(isinstance(hit, dict) and "_source" in hit for hit in inner))


def _field(value: Record) -> str | None:
    """The field of an object that holds a record."""
    return next((name for name in _FIELDS if _holds(value.get(name))), None)


def _open_field(value: Record, envelope: Envelope) -> Iterator[Inner]:
    yield value[_field(value) or ""], envelope.within(sent_at=_first_time(value, _TIMES))


WRAPPERS = (
    Wrapper("SNS notification", ("Message",), _is_notification, _open_notification),
    Wrapper("SNS event", ("Sns",), lambda value: isinstance(value["Sns"], dict), _open_sns_record),
    Wrapper("EventBridge event", ("detail", "Detail"), _is_bus_event, _open_bus_event),
    Wrapper(
        "records", ("records", "Records"), lambda value: _records_of(value) is not None, _open_records, is_list=True
    ),
    Wrapper(
        "Kinesis record",
        ("kinesis",),
        lambda value: isinstance(value["kinesis"], dict) and "data" in value["kinesis"],
        _open_kinesis,
    ),
    Wrapper("stream record", ("data", "Data"), lambda value: _stream_data(value) is not None, _open_stream_record),
    Wrapper("Firehose failure", ("rawData",), _is_failure, _open_failure),
    Wrapper("receive-message", ("Messages",), _items("Messages", "Body"), _open_items("Messages"), is_list=True),
    Wrapper("SQS message", ("body", "Body"), _is_queue_message, _open_queue_message),
    Wrapper("Lambda destination", ("requestPayload",), lambda _: True, _open_destination),
    Wrapper(
        "log subscription",
        ("awslogs",),
        lambda value: isinstance(value["awslogs"], dict) and "data" in value["awslogs"],
        _open_awslogs,
    ),
    Wrapper("log events", ("logEvents",), _is_log_events, _open_log_events, is_list=True),
    Wrapper("filter-log-events", ("events",), _items("events", "message"), _open_items("events"), is_list=True),
    Wrapper("Logs Insights results", ("results",), _is_query_results, _open_query_results, is_list=True),
    Wrapper("put-events", ("Entries",), _items("Entries", "Detail"), _open_items("Entries"), is_list=True),
    Wrapper("WhatsApp webhook", ("entry",), _is_webhook, _open_items("entry"), is_list=True),
    Wrapper("search hits", ("hits",), _is_hits, _open_hits, is_list=True),
    Wrapper("HTTP request", ("body",), _is_request, _open_request, is_weak=True),
    Wrapper("field", _FIELDS, lambda value: _field(value) is not None, _open_field, is_weak=True),
)
# An object with none of these keys is no wrapper, which is how most records come.
KEYS = frozenset(key for wrapper in WRAPPERS for key in wrapper.keys)
