"""Glue's listing of partitions in pages of at most 1,000, as AWS answers; moto gives all of them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.glue.models import glue_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, Request

MOST_PARTITIONS = 1000


class PartitionPages:
    """Answers GetPartitions; a token is the number of partitions before its page."""

    def __init__(self, core: Core) -> None:
        self._core = core
        core.handlers["glue:GetPartitions"] = self._get

    def _get(self, call: Call, _: Request) -> Answer | None:
        given = call.parameters
        start = int(given.get("NextToken", 0))
        size = min(int(given.get("MaxResults", MOST_PARTITIONS)), MOST_PARTITIONS)
        with self._core.moto_alone:
            databases = glue_backends[ACCOUNT][call.region].databases
            database = databases.get(given["DatabaseName"])
            if database is None or given["TableName"] not in database.tables:
                return None  # moto has the words for that
            table: Any = database.tables[given["TableName"]]
            expression = given.get("Expression")
            found = table.get_partitions(expression) if expression else list(table.partitions.values())
            page = [partition.as_dict() for partition in found[start : start + size]]
        document: dict[str, Any] = {
            "Partitions": [{**one, "CreationTime": _seconds(one["CreationTime"])} for one in page]
        }
        if start + size < len(found):
            document["NextToken"] = str(start + size)
        return Answer.of(document)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
