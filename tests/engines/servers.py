"""Starts Trino and DynamoDB Local on free ports, and stops them when the tests are over, however they end."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.engines import fetch, java

_KEEPER = Path(__file__).with_name("keeper.py")
_PATIENCE = 180.0  # seconds; Trino starts in ten on an idle machine
_DYNAMODB_MEMORY = "512m"
_CATALOG = {
    "connector.name": "hive",
    "hive.metastore": "file",
    "hive.metastore.catalog.dir": "local:///metastore",
    "fs.native-local.enabled": "true",
    "hive.allow-register-partition-procedure": "true",
    "hive.recursive-directories": "true",
    "hive.parquet.use-column-names": "true",
    "hive.table-statistics-enabled": "false",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """How Java runs Trino: its heap, the part of it that queries may take, and further options."""

    heap: str
    for_queries: str
    options: tuple[str, ...]


# A run of the tests is too short for what the second compiler costs.
BRIEFLY = Machine("2G", "768MB", ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"))
FOR_LONG = Machine("12G", "7GB", ("-XX:+UseParallelGC",))


@dataclass(frozen=True, slots=True)
class Server:
    """A server on this machine; for Trino, ``data`` is the folder that ``local:///`` stands for."""

    port: int
    data: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class StartError(Exception):
    """A server that did not start, with what it said of it."""


@contextmanager
def trino(
    place: Path, data: Path, machine: Machine = BRIEFLY, catalog: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    """Trino with the catalog ``hive`` over the folder ``data``; ``place`` takes its configuration and log.

    ``catalog`` are further properties of the catalog.
    """
    home = fetch.trino()
    properties = {**_CATALOG, "local.location": str(data), **catalog}
    lines = "".join(f"{name}={value}\n" for name, value in properties.items())
    _written(place / "etc" / "catalog" / "hive.properties", lines)

    def words(port: int) -> list[str]:
        return [
            f"-Xmx{machine.heap}",
            *machine.options,
            "-XX:+ExitOnOutOfMemoryError",
            "-Djdk.attach.allowAttachSelf=true",
            "-XX:+EnableDynamicAgentLoading",
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Dnode.environment=test",
            "-Dnode.id=one",
            f"-Dnode.data-dir={place / 'var'}",
            f"-Dlog.levels-file={_written(place / 'etc' / 'log.properties', 'io.trino=WARN')}",
            f"-Dconfig={_trino_settings(place, home, port, machine)}",
            *("-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"),
        ]

    with _started("trino", words, place, _trino_is_up) as port:
        yield Server(port, data)


@contextmanager
def dynamodb(place: Path) -> Iterator[Server]:
    """DynamoDB Local, in memory; ``place`` takes its log."""
    home = fetch.dynamodb()

    def words(port: int) -> list[str]:
        main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
        memory = [f"-Xmx{_DYNAMODB_MEMORY}", "--enable-native-access=ALL-UNNAMED"]
        library = f"-Djava.library.path={home}"
        options = ["-inMemory", "-disableTelemetry", "-port", str(port)]
        return [*memory, library, "-cp", f"{home}/*", main, *options]

    with _started("dynamodb", words, place, _dynamodb_is_up) as port:
        yield Server(port, place)


@contextmanager
def kept(words: Sequence[str], log: Path, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that ends with this process, and at the end of the block."""
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, str(_KEEPER), *words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
        )
    try:
        yield keeper
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait()


@contextmanager
def _started(name: str, words: Callable[[int], list[str]], place: Path, is_up: Callable[[int], bool]) -> Iterator[int]:
    """A Java program on a free port; tried again where another program took the port meanwhile."""
    place.mkdir(parents=True, exist_ok=True)
    log = place / f"{name}.log"
    said = ""
    for _ in range(3):
        port = _free_port()
        with kept([str(java.find()), *words(port)], log, place) as keeper:
            if _waited(keeper, port, is_up):
                yield port
                return
        said = log.read_text(errors="replace")
        if "in use" not in said:
            break
    raise StartError(f"{name} did not start:\n{_reason(said)}")


def _reason(said: str) -> str:
    """What of a log tells why: its first error, else its end."""
    return said[found : found + 3000] if (found := said.find("\tERROR\t")) >= 0 else said[-3000:]


def _waited(keeper: subprocess.Popen[bytes], port: int, is_up: Callable[[int], bool]) -> bool:
    """Whether the server answers before it ends and before patience does."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and keeper.poll() is None:
        if is_up(port):
            return True
        time.sleep(0.2)
    return False


def _trino_is_up(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info", timeout=5) as answer:
            return json.load(answer)["starting"] is False
    except (OSError, ValueError):
        return False


def _dynamodb_is_up(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()  # it wants a signature, so it is there
        return True
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _trino_settings(place: Path, home: Path, port: int, machine: Machine) -> Path:
    settings = f"""\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
node.internal-address=127.0.0.1
discovery.uri=http://127.0.0.1:{port}
plugin.dir={home / "plugin"}
catalog.management=dynamic
query.max-memory-per-node={machine.for_queries}
query.max-memory={machine.for_queries}
task.concurrency=2
"""
    return _written(place / "etc" / "config.properties", settings)


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
