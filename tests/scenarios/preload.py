"""Imports of the fork server: all of due that works on AWS, and AWS's service models, read once for all processes."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from pathlib import Path

import botocore.session

import due_cli
from tests.aws_emulator.prefork import read_models_once

_ROOMS = ("aws", "cli", "core", "events", "ingest", "render", "sql")
_SERVICES = (
    *("s3", "sts", "iam", "glue", "athena", "firehose", "lambda", "dynamodb", "logs", "apigatewayv2", "sesv2"),
    *("pinpoint", "cloudwatch", "sns", "lakeformation"),
)

for _room in _ROOMS:
    for _module in pkgutil.walk_packages([str(Path(due_cli.__file__).parent / _room)], f"due_cli.{_room}."):
        importlib.import_module(_module.name)
read_models_once()
_session = botocore.session.Session()
for _service in _SERVICES:
    _session.create_client(_service, region_name="us-east-1")
gc.freeze()  # what no process collects, all of them share
