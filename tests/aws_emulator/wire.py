"""Requests and answers as they cross the wire, and refusals in the words of each protocol."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Request:
    """An HTTP request."""

    method: str
    path: str  # percent-decoded
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]  # names in lower case
    body: bytes

    @classmethod
    def from_environ(cls, environ: dict[str, Any], body: bytes) -> Request:
        """The request of a WSGI environment."""
        headers = {
            name[5:].replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers["content-type"] = environ.get("CONTENT_TYPE") or ""
        raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
        path = unquote(raw.split("?", 1)[0]) if raw else environ.get("PATH_INFO", "").encode("latin-1").decode()
        query = tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        return cls(environ["REQUEST_METHOD"], path, query, headers, body)

    def argument(self, name: str) -> str | None:
        """One value of the query string."""
        return next((value for key, value in self.query if key == name), None)


@dataclass
class Answer:
    """An HTTP response."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @classmethod
    def of(cls, document: Any, status: int = 200) -> Answer:
        """A JSON document."""
        return cls(status, [("Content-Type", "application/json")], json.dumps(document, default=str).encode())

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class RefusedError(Exception):
    """A call is refused, with the code and the words that AWS has for it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def answer(self, service: str, protocol: str) -> Answer:
        """The refusal as the service's protocol writes it."""
        headers = [("x-amzn-requestid", "refused"), ("x-amzn-errortype", self.code)]
        if protocol == "smithy-rpc-v2-cbor":
            body = _cbor({"__type": self.code, "message": self.message})
            kinds = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
            return Answer(self.status, [*headers, *kinds], body)
        if protocol in ("query", "rest-xml"):
            inner = f"<Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message>"
            text = f"<Error>{inner}</Error>"
            if service != "s3":
                text = f"<ErrorResponse>{text}<RequestId>refused</RequestId></ErrorResponse>"
            return Answer(self.status, [*headers, ("Content-Type", "text/xml")], text.encode())
        document = {"__type": self.code, "message": self.message, "Message": self.message}
        found = Answer.of(document, self.status)
        return Answer(self.status, [*headers, *found.headers], found.body)


def _cbor(document: dict[str, str]) -> bytes:
    """A map of text to text in CBOR; botocore can only read the format."""
    parts = [struct.pack(">BB", 0xB8, len(document))]
    for text in (word for pair in document.items() for word in pair):
        raw = text.encode()
        parts.append(struct.pack(">BH", 0x79, len(raw)) + raw)
    return b"".join(parts)
