"""Trino behind the emulator's Athena API: over the Glue catalog that due made, and the objects in S3 that it names.

Athena is Trino with a few habits of its own, which are added here: it refuses views with a time in a zone, stores the
columns of a view in Glue (Trino stores one that is called ``dummy``), and names an error before it says it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from moto.glue.models import glue_backends
from sqlglot import exp
from trino.dbapi import Connection, connect
from trino.exceptions import TrinoConnectionError, TrinoQueryError
from trino.types import NamedRowTuple

from tests.aws_emulator.engine import Catalog, FailedError, Result
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.server import REGION, Core
from tests.engines.servers import Server

CATALOG = "awsdatacatalog"  # the name of Athena's own
_PROPERTIES = {
    "hive.metastore": "glue",
    "hive.metastore.glue.endpoint-url": "{url}",
    "hive.metastore.glue.region": REGION,
    "hive.metastore.glue.aws-access-key": "testing",
    "hive.metastore.glue.aws-secret-key": "testing",
    "fs.native-s3.enabled": "true",
    "s3.endpoint": "{url}",
    "s3.region": REGION,
    "s3.path-style-access": "true",
    "s3.aws-access-key": "testing",
    "s3.aws-secret-key": "testing",
    "hive.table-statistics-enabled": "false",
    "hive.recursive-directories": "true",
    "hive.parquet.use-column-names": "true",
}
_PARAMETERS = re.compile(r"\(\d+(?:, ?\d+)?\)")
_WITHOUT_IN_HIVE = re.compile(r"\b(varchar|char|timestamp|time)\(\d+\)")
_POLL_SECONDS = 0.1


class Trino:
    """Executes what Athena is given, and makes its views, as an engine of the emulator's."""

    def __init__(self, server: Server, core: Core) -> None:
        """Takes the emulator's account for the catalog; the one of an earlier emulator is given up."""
        self._server = server
        self.asked: list[str] = []
        given = ", ".join(f"\"{name}\" = '{value.format(url=core.url)}'" for name, value in _PROPERTIES.items())
        with self._connected(None) as connection:
            for sql in (f"DROP CATALOG IF EXISTS {CATALOG}", f"CREATE CATALOG {CATALOG} USING hive WITH ({given})"):
                connection.cursor().execute(sql).fetchall()

    def execute(self, sql: str, catalog: Catalog) -> Result:
        """The rows of a statement; raises :class:`FailedError`."""
        self.asked.append(sql)
        with self._connected(catalog.database) as connection:
            cursor = connection.cursor()
            try:
                with _stopped_with(catalog, cursor):
                    cursor.execute(sql)
                    rows = cursor.fetchall()
            except TrinoQueryError as error:
                raise FailedError(f"{error.error_name}: {error.message}") from None
            described = [(str(one[0]), str(one[1])) for one in cursor.description or []]
            scanned = int((cursor.stats or {}).get("physicalInputBytes", 0))
        types = [athena_type(kind) for _, kind in described]
        stored = [(kind, hive_type(kind)) for _, kind in described]
        return Result([name for name, _ in described], types, [list(map(_plain, row)) for row in rows], scanned, stored)

    def make_view(self, sql: str, name: str, shape: Result, catalog: Catalog) -> Result:
        """Trino makes the view in Glue; its columns are then listed there, as Athena does for Glue's other readers."""
        self.execute(sql, catalog)
        table = glue_backends[ACCOUNT][REGION].get_table(catalog.database, name)
        kinds = zip(shape.columns, shape.stored, strict=True)
        storage = table.get_version(str(table.as_dict()["VersionId"]))["StorageDescriptor"]
        storage["Columns"] = [{"Name": column, "Type": hive} for column, (_, hive) in kinds]
        return Result([], [], [])

    @contextmanager
    def _connected(self, database: str | None) -> Iterator[Connection]:
        connection: Connection = connect(  # type: ignore[no-untyped-call]  # the library leaves it untyped
            host="127.0.0.1",
            port=self._server.port,
            user="athena",
            catalog=CATALOG if database else None,
            schema=database,
            timezone="UTC",
        )
        try:
            yield connection
        finally:
            connection.close()  # type: ignore[no-untyped-call]


def athena_type(kind: str) -> str:
    """What Athena's API calls a type of Trino's."""
    for nested in ("array", "map", "row"):
        if kind.startswith(f"{nested}("):
            return nested
    plain = _PARAMETERS.sub("", kind)
    return {"real": "float"}.get(plain, plain)


def hive_type(kind: str) -> str:
    """What Glue calls a type of Trino's."""
    try:
        built = exp.DataType.build(_WITHOUT_IN_HIVE.sub(r"\1", kind), dialect="trino")
    except ValueError:
        return kind
    return built.sql(dialect="hive").lower().replace("`", "").replace(": ", ":").replace(", ", ",")


@contextmanager
def _stopped_with(catalog: Catalog, cursor: Any) -> Iterator[None]:
    """A query that is cancelled in Athena is cancelled in Trino."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_SECONDS):
            if catalog.cancelled.is_set():
                try:
                    cursor.cancel()
                except TrinoConnectionError:
                    continue
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _plain(value: Any) -> Any:
    """A value of Trino's client; a row is an object, as Athena writes it."""
    if isinstance(value, NamedRowTuple):
        names: Sequence[str | None] = value.__annotations__["names"]
        return {name or f"field{at}": _plain(item) for at, (name, item) in enumerate(zip(names, value, strict=True))}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
