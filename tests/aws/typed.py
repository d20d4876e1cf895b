"""Commands as a person types them: ``due`` in this process, and the AWS CLI's as far as doctor prints them."""

from __future__ import annotations

import fnmatch
import json
import shlex
from pathlib import Path
from typing import Any

from botocore import xform_name

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.recognise import model
from tests.commands import Due


def run(command: str, emulator: AwsEmulator, due: Due) -> None:
    """Runs commands joined by ``&&``; a setup is confirmed."""
    for part in command.split(" && "):
        words = shlex.split(part)
        if words[0] == "due":
            confirmed = ["--yes"] if words[1] == "setup" else []
            due(*words[1:], *confirmed).done()
        else:
            assert words[0] == "aws", part
            _aws(words[1:], emulator)


def _aws(words: list[str], emulator: AwsEmulator) -> None:
    """A command of the AWS CLI: ``service operation --option value...`` by botocore's model of the service."""
    assert words[-2:] == ["--region", "us-east-1"], words
    service, operation, *rest = words[:-2]
    if service == "logs":
        _tail(operation, rest, emulator)
        return
    if service == "s3":
        _objects(operation, rest, emulator)
        return
    shapes = {xform_name(name, "-"): name for name in model(service).operation_names}
    shape = model(service).operation_model(shapes[operation]).input_shape
    assert shape is not None
    options = {xform_name(name, "-"): (name, member) for name, member in shape.members.items()}
    given: dict[str, Any] = {}
    while rest:
        name, member = options[rest.pop(0).removeprefix("--")]
        given[name] = _value(rest.pop(0), member.type_name)
    getattr(emulator.client(service), xform_name(shapes[operation]))(**given)


def _tail(operation: str, rest: list[str], emulator: AwsEmulator) -> None:
    """The command that the CLI has beside the service's own."""
    assert operation == "tail"
    group, since, duration, *more = rest
    assert (since, duration) in (("--since", "1d"), ("--since", "1h"))
    assert more in ([], ["--filter-pattern", '"[ERROR]"'])
    emulator.client("logs").filter_log_events(logGroupName=group)


def _objects(operation: str, rest: list[str], emulator: AwsEmulator) -> None:
    """``aws s3 cp`` to a folder and ``aws s3 rm``, of all objects of a folder that the last fitting filter includes."""
    client, uri = emulator.client("s3"), rest.pop(0)
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    target = Path(rest.pop(0)) if operation == "cp" else None
    assert operation in ("cp", "rm")
    assert rest.pop(0) == "--recursive"
    filters = list(zip(rest[::2], rest[1::2], strict=True))
    assert {option for option, _ in filters} <= {"--include", "--exclude"}
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for key in [entry["Key"] for page in pages for entry in page.get("Contents", ())]:
        name = key.removeprefix(prefix)
        fitting = [option for option, pattern in filters if fnmatch.fnmatchcase(name, pattern)]
        if fitting and fitting[-1] == "--exclude":
            continue
        if target is None:
            client.delete_object(Bucket=bucket, Key=key)
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(target / name))


def _value(text: str, kind: str) -> Any:
    """A value as JSON, or in the CLI's short form (``Key=Value``)."""
    if kind == "list":
        return json.loads(text) if text.startswith("[") else text.split(",")
    if kind == "structure":
        return json.loads(text) if text.startswith("{") else dict([text.split("=", 1)])
    return text
