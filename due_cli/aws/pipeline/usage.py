"""Count of use, sent where the user asked for them to be sent (guide, "Appendix F"); nothing is sent otherwise.

The guide's solution sent them to AWS; here the endpoint is the user's own, and the fields are those that the solution's
source posts: ``Solution``, ``UUID``, ``TimeStamp`` and ``Data`` with ``S3PartitionTriggers``.
"""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime

ENDPOINT = "DUE_USAGE_ENDPOINT"
DEPLOYMENT = "DUE_USAGE_ID"
SOLUTION = "SO0105"  # what AWS numbered the guide's solution
_SECONDS = 2.0


def send(triggers: int) -> None:
    """Post how many S3 triggers were processed, if an endpoint is set. Never raises, and takes two seconds at most."""
    endpoint = os.environ.get(ENDPOINT)
    if not endpoint or not triggers:
        return
    body = {
        "Solution": SOLUTION,
        "UUID": os.environ.get(DEPLOYMENT, ""),
        "TimeStamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "Data": {"S3PartitionTriggers": triggers},
    }
    # A time-out of urllib's is one for each wait and none for the name: the thread's end is one for all of them.
    posting = threading.Thread(target=_post, args=(endpoint, json.dumps(body).encode()), daemon=True)
    posting.start()
    posting.join(_SECONDS)


def _post(endpoint: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    with suppress(Exception):
        request = urllib.request.Request(endpoint, body, headers)  # noqa: S310  https, as due setup checks
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310
