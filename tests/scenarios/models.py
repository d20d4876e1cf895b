"""AWS's service models, read once for all the processes that a test begins: each would read megabytes of JSON anew."""

from __future__ import annotations

from functools import cache

import botocore.session
from botocore.loaders import JSONFileLoader

_SERVICES = (
    *("s3", "sts", "iam", "glue", "athena", "firehose", "lambda", "dynamodb", "logs", "apigatewayv2", "sesv2"),
    *("pinpoint", "cloudwatch", "sns", "lakeformation"),
)

_read = cache(JSONFileLoader().load_file)


def _load_file(_: JSONFileLoader, file_path: str) -> object:
    return _read(file_path)


JSONFileLoader.load_file = _load_file  # type: ignore[assignment,method-assign]
_session = botocore.session.Session()
for _service in _SERVICES:
    _session.create_client(_service, region_name="us-east-1")
