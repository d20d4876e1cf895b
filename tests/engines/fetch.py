"""Fetches the engines with Maven and unpacks them once: ``python -m tests.engines.fetch``.

They go to ``.engines`` in the checkout or to the folder that ``DUE_ENGINES_CACHE`` names. Each is unpacked beside its
place and renamed when it is whole, so a fetch may be killed at any time and run again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import java
from tests.engines.java import MissingError

TRINO = "476"  # the engine of Athena version 3
DYNAMODB = "2.6.1"
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
# A server that does not answer is given up; Maven 3 would wait for half an hour. The second spelling is Maven 3.9's.
_STALLS = (
    *("-Dmaven.wagon.rto=60000", "-Dmaven.wagon.http.connectionTimeout=20000"),
    *("-Daether.connector.requestTimeout=60000", "-Daether.connector.connectTimeout=20000"),
)
_LONGEST = 1800  # seconds
_PARTIAL = "partial-"
_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>due</groupId>
  <artifactId>engines</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>{DYNAMODB}</version>
    </dependency>
  </dependencies>
</project>
"""


def cache() -> Path:
    """Where the engines are kept."""
    asked = os.environ.get("DUE_ENGINES_CACHE")
    return Path(asked).expanduser().resolve() if asked else Path(__file__).parents[2] / ".engines"


def trino() -> Path:
    """Trino's core server with the Hive connector."""
    return _once(f"trino-{TRINO}", _unpack_trino)


def dynamodb() -> Path:
    """The libraries of DynamoDB Local."""
    return _once(f"dynamodb-local-{DYNAMODB}", _copy_dynamodb)


def has_trino() -> bool:
    """Whether Trino was fetched."""
    return (cache() / f"trino-{TRINO}").is_dir()


def _once(name: str, make: Callable[[Path], Path]) -> Path:
    """The folder of an engine, made if it is not there."""
    place = cache() / name
    if place.is_dir():
        return place
    with _alone():
        if not place.is_dir():
            work = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=cache()))
            print(f"fetching {name} to {place}", file=sys.stderr, flush=True)  # noqa: T201
            try:
                make(work).rename(place)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    return place


@contextmanager
def _alone() -> Iterator[None]:
    """One process fetches at a time; what a killed one left behind is removed."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache().glob(f"{_PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _unpack_trino(work: Path) -> Path:
    _maven(f"{_PLUGIN}:copy", f"-Dartifact=io.trino:trino-server-core:{TRINO}:tar.gz", f"-DoutputDirectory={work}")
    _maven(f"{_PLUGIN}:copy", f"-Dartifact=io.trino:trino-hive:{TRINO}:zip", f"-DoutputDirectory={work}")
    with tarfile.open(work / f"trino-server-core-{TRINO}.tar.gz") as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since Python 3.11.4
        archive.extractall(work, **safely)  # type: ignore[arg-type]  # as a word it is not known before
    server = work / f"trino-server-core-{TRINO}"
    with zipfile.ZipFile(work / f"trino-hive-{TRINO}.zip") as archive:
        archive.extractall(server / "plugin")
    (server / "plugin" / f"trino-hive-{TRINO}").rename(server / "plugin" / "hive")
    return server


def _copy_dynamodb(work: Path) -> Path:
    pom = work / "pom.xml"
    pom.write_text(_POM)
    libraries = work / "lib"
    _maven(f"{_PLUGIN}:copy-dependencies", "-f", str(pom), "-DincludeScope=runtime", f"-DoutputDirectory={libraries}")
    return libraries


def _maven(*words: str) -> None:
    """Runs Maven; raises :class:`MissingError` where there is none, or it cannot fetch, or hangs."""
    program = shutil.which("mvn")
    if program is None:
        raise MissingError(
            "Maven is missing (no mvn on the path): it fetches the engines. Install it from the system's packages "
            "(maven) or from maven.apache.org."
        )
    command = [program, "-B", "-q", *_STALLS, *words]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        raise MissingError(f"Maven did not fetch in {_LONGEST // 60} minutes: {' '.join(words)}") from None
    if ran.returncode:
        said = [line for line in ran.stdout.splitlines() if line.startswith("[ERROR]")]
        raise MissingError(f"Maven could not fetch {' '.join(words)}\n" + "\n".join(said[:3] or [ran.stderr[-1000:]]))


def main() -> int:
    """Fetches what is not there, and says what is missing on this machine."""
    try:
        print(f"Java: {java.find()}", file=sys.stderr)  # noqa: T201
        for engine in (trino, dynamodb):
            print(f"engine: {engine()}", file=sys.stderr)  # noqa: T201
    except MissingError as error:
        print(f"test-engines: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
