"""What a text is that is not JSON, and what to do about it: the reasons of records and files that cannot be read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024  # kept of a file in which no JSON value was found
FILE_KEY = "unreadable_file"  # a record of a stack's stream that stands for such a file

_PYTHON_REPR = re.compile(rb"\s*[\[(]*\s*\{\s*(?:[ub]?'|\w+\s*:\s*')")
_CSV_JSON = re.compile(rb'(?:^|[,;\t|])\s*"\s*[\[{](?:\s*[\[{])*\s*""', re.MULTILINE)
_AGGREGATED = b"\xf3\x89\x9a\xc2"  # Kinesis developer guide, "KPL aggregation"
_BLANK = b" \t\r\n,[]"
_REPR = "a Python object as text (repr), not JSON: write it with json.dumps"
_CSV = "CSV with JSON in a column: give that column's texts alone, one on each line"

# The beginning of a line with an object, or with text that is one; a log's line with an object; a first line that is
# one scalar.
_VALUE = re.compile(
    rb'^(?:\xef\xbb\xbf|[ \t,\[\]])*+(?:\{\s*["}]|"\s*\{\s*\\")'
    rb'|^\d{4}-\d\d-\d\d[T ][^\n]{5,300}?[\[{]\s*["{]'
    rb'|\A\s*+(?:"(?:[^"\\\n]|\\.)*+"|-?\d[-+.\deE]*|true|false|null)[ \t\r]*,?[ \t\r]*(?:\n|\Z)',
    re.MULTILINE,
)
_MAIL_HEADER = re.compile(
    rb"^(?:From|To|Subject|Received|Return-Path|Message-ID|Date|MIME-Version|DKIM-Signature|Delivered-To):",
    re.MULTILINE | re.IGNORECASE,
)
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml|[a-z]+[ >/])", re.IGNORECASE)
_UNPACK = "unpack it and give what is in it"
_EVENTS = "give the events that a service published"
_MAGIC = (
    (b"%PDF", "a PDF", _EVENTS),
    (b"\x89PNG", "an image", _EVENTS),
    (b"GIF8", "an image", _EVENTS),
    (b"\xff\xd8\xff", "an image", _EVENTS),
    (b"SQLite format 3\x00", "a SQLite database", "export its records as JSON"),
    (b"Obj\x01", "an Avro file", "convert it to JSON lines"),
    (b"ORC", "an ORC file", "convert it to JSON lines or Parquet"),
    (b"ARROW1", "an Arrow file", "convert it to JSON lines or Parquet"),
    (b"\xd0\xcf\x11\xe0", "an Office document", "export its records as JSON lines"),
    (b"\xff\x06\x00\x00sNaPpY", "a file compressed with Snappy", "decompress it first"),
    (b"\x04\x22\x4d\x18", "a file compressed with LZ4", "decompress it first"),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (_AGGREGATED, "records aggregated by the Kinesis Producer Library", "deaggregate them first"),
)
_TAR, _TAR_AT = b"ustar", 257


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file in which no JSON value was found: one failed record.

    ``data`` is its first :data:`HEAD_BYTES`, ``digest`` the SHA-256 of all ``size`` bytes of it in hexadecimal.
    """

    origin: str
    size: int
    digest: str
    data: bytes
    what: str

    @property
    def reason(self) -> str:
        """What the file is and what to do, with its size and digest, one line."""
        return f"{self.what} ({self.size:,} bytes, SHA-256 {self.digest})"


def explain(text: bytes, reason: str) -> str:
    """The reason why a text is not JSON, with what it is instead where that can be told."""
    if text.startswith(_AGGREGATED):
        return "records aggregated by the Kinesis Producer Library: deaggregate them first"
    if not reason.startswith("not JSON"):
        return reason
    head = text[:4096]
    return _named_text(head) or reason


def has_json(text: bytes) -> bool:
    """Whether a text has a line that begins as JSON; it need not end so."""
    return _VALUE.search(text) is not None


def describe_file(head: bytes, size: int) -> str | None:
    """What a file without a JSON value is, and what to do; None for a single line, whose own reason says more.

    ``head`` is its beginning, at most :data:`HEAD_BYTES`, ``size`` the number of its bytes.
    """
    if not head.strip(_BLANK):
        return None
    for magic, what, advice in _MAGIC:
        if head.startswith(magic):
            return f"{what}, not JSON: {advice}"
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return f"a tar archive, not JSON: {_UNPACK}"
    if size <= HEAD_BYTES and b"\n" not in head.strip():
        return None
    if b"\x00" in head:
        return f"a binary file, not JSON: {_EVENTS}"
    if len(set(_MAIL_HEADER.findall(head[:8192]))) > 1:
        return "an e-mail, not JSON: give the events about mail that a service published"
    if _MARKUP.match(head):
        return f"HTML or XML, not JSON: {_EVENTS}"
    if named := _named_text(head):
        return named
    if _is_csv(head):
        return "CSV, not JSON: convert it to JSON lines, one record on each"
    return f"plain text, not JSON: {_EVENTS}"


def _named_text(head: bytes) -> str | None:
    if _PYTHON_REPR.match(head):
        return _REPR
    return _CSV if _CSV_JSON.search(head) else None


def _is_csv(head: bytes) -> bool:
    """Whether nearly all lines have the same number of one separator."""
    lines = [line for line in head.splitlines()[:50] if line.strip()][: 50 if len(head) < HEAD_BYTES else -1]
    for separator in (b",", b";", b"\t", b"|"):
        count, times = Counter(line.count(separator) for line in lines).most_common(1)[0] if lines else (0, 0)
        if count and len(lines) > 1 and times >= 0.9 * len(lines):
            return True
    return False
