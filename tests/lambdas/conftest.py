"""moto's server for a run, a front before it and a table, a bucket and a Glue table for each test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # noqa: TID251  the tests prepare what the functions find
import pytest

from due_cli.deploy.package import package
from tests.lambdas.front import Front
from tests.lambdas.functions import libraries
from tests.lambdas.world import BUCKET, DATABASE, REGION, TABLE, World

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _started(command: list[str], port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return process
        assert process.poll() is None, "the server did not start"
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    port = _free_port()
    process = _started([sys.executable, "-m", "moto.server", "-p", str(port)], port)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """AWS's own emulator; ``DYNAMODB_LOCAL`` names the folder with its jars."""
    place = os.environ.get("DYNAMODB_LOCAL")
    if not place:
        pytest.skip("DYNAMODB_LOCAL names no folder with DynamoDB Local's jars")
    port = _free_port()
    main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
    process = _started(
        ["java", f"-Djava.library.path={place}", "-cp", f"{place}/*", main, "-inMemory", "-port", str(port)], port
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def functions_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("code") / "functions.zip"
    place.write_bytes(package().content)
    return place


@pytest.fixture(scope="session")
def boto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return libraries(tmp_path_factory.mktemp("boto") / "libraries")


@pytest.fixture
def front(moto: str) -> Iterator[Front]:
    server = Front(moto)
    yield server
    server.close()


@pytest.fixture
def world(front: Front, moto: str, functions_zip: Path, boto: Path, tmp_path: Path) -> Iterator[World]:
    """A deployment's services, empty."""
    made = World(
        front, functions_zip, boto, {**_CREDENTIALS, "AWS_ENDPOINT_URL": front.url, "HOME": str(tmp_path)}, _to(moto)
    )
    made.dynamodb.create_table(**made.status_table)
    made.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    made.glue.create_database(DatabaseInput={"Name": DATABASE})
    descriptor = {
        "Columns": [{"Name": "event_type", "Type": "string"}],
        "Location": f"s3://{BUCKET}/events/",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
    }
    keys = [{"Name": "ingest_timestamp", "Type": "timestamp"}]
    made.glue.create_table(
        DatabaseName=DATABASE, TableInput={"Name": TABLE, "StorageDescriptor": descriptor, "PartitionKeys": keys}
    )
    yield made
    made.glue.delete_database(Name=DATABASE)
    made.dynamodb.delete_table(TableName=made.status_table["TableName"])
    for found in made.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        made.s3.delete_object(Bucket=BUCKET, Key=found["Key"])
    made.s3.delete_bucket(Bucket=BUCKET)
    made.close()


@pytest.fixture
def strict_world(dynamodb_local: str, functions_zip: Path, boto: Path, tmp_path: Path) -> Iterator[World]:
    """Nothing but the status table, on DynamoDB Local."""
    server = Front(dynamodb_local, knows_partiql=True)
    variables = {**_CREDENTIALS, "AWS_ENDPOINT_URL": server.url, "HOME": str(tmp_path)}
    made = World(server, functions_zip, boto, variables, _to(dynamodb_local))
    made.dynamodb.create_table(**made.status_table)
    yield made
    made.dynamodb.delete_table(TableName=made.status_table["TableName"])
    made.close()
    server.close()


def _to(endpoint: str) -> Any:
    make: Any = boto3.client

    def client(service: str) -> Any:
        return make(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    return client
