"""The event normaliser: any supported record becomes canonical rows, and rows become a message's status.

Standard library only, because the same code runs in a Lambda function and in ``due ingest``. Three pure
functions carry everything else:

- :func:`rows_of`: a record's rows in the schema of ``all_events``;
- :func:`status_of`: what a row says about the status of its message;
- :func:`merged`: two statuses of one message as one.
"""

from due_cli.events.documents import Decoder, Document, documents, loads
from due_cli.events.model import Envelope, Json, Normalised, Record, Row, UnreadableError
from due_cli.events.registry import rows_of
from due_cli.events.status import Status, merged, status_of
from due_cli.events.wrappers import Unit, units

__all__ = [
    "Decoder",
    "Document",
    "Envelope",
    "Json",
    "Normalised",
    "Record",
    "Row",
    "Status",
    "Unit",
    "UnreadableError",
    "documents",
    "loads",
    "merged",
    "rows_of",
    "status_of",
    "units",
]
