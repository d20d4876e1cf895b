"""What the tests of the emulator set up in its account: roles, a function, a table, a stream."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import ACCOUNT, arn

BUCKET, DATABASE, STREAM, FUNCTION = "emulator-data", "emulator_db", "emulator-stream", "emulator-transform"
STREAM_ARN = arn("firehose", "us-east-1", f"deliverystream/{STREAM}")
FUNCTION_ARN = arn("lambda", "us-east-1", f"function:{FUNCTION}")
BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
COLUMNS = {
    "event_type": "string",
    "at": "bigint",
    "tags": "map<string,string>",
    "facets": "struct<mail:struct<linkTags:array<string>>>",
}
PASSING = """
def handler(event, context):
    return {"records": [dict(recordId=r["recordId"], result="Ok", data=r["data"]) for r in event["records"]]}
"""


def allow(actions: str | list[str], resources: str | list[str], **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, source: str | None = None) -> str:
    """A trust policy for a service on behalf of one of the account's resources."""
    key = "sts:ExternalId" if service == "firehose" else "aws:SourceAccount"
    conditions = {"StringEquals": {key: ACCOUNT}}
    if source:
        conditions["ArnLike"] = {"aws:SourceArn": source}
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": conditions}
    return policy(statement)


def role(emulator: AwsEmulator, name: str, trusted: str, *statements: dict[str, Any]) -> str:
    """A role with one inline policy."""
    iam = emulator.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy(*statements))
    return str(made)


def function(emulator: AwsEmulator, code: str, name: str = FUNCTION, *statements: dict[str, Any], **more: Any) -> str:
    """A function of one module."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("main.py", code)
    logs = arn("logs", "us-east-1", f"log-group:/aws/lambda/{name}:log-stream:*")
    may = allow(["logs:CreateLogStream", "logs:PutLogEvents"], logs)
    made = role(emulator, f"{name}-role", trust("lambda"), may, *statements)
    emulator.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    return str(
        emulator.client("lambda").create_function(
            FunctionName=name,
            Role=made,
            Runtime="python3.13",
            Handler="main.handler",
            Timeout=20,
            Code={"ZipFile": target.getvalue()},
            **more,
        )["FunctionArn"]
    )


def table(emulator: AwsEmulator, columns: dict[str, str]) -> None:
    """A bucket, a database and a table ``events`` partitioned by the hour."""
    emulator.client("s3").create_bucket(Bucket=BUCKET)
    glue = emulator.client("glue")
    glue.create_database(DatabaseInput={"Name": DATABASE})
    glue.create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": "events",
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": "ingest_timestamp", "Type": "timestamp"}],
            "StorageDescriptor": {
                "Location": f"s3://{BUCKET}/events/",
                "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
            },
        },
    )


def stream_role(emulator: AwsEmulator, *, without: str = "") -> str:
    """The role of the stream, with everything that it needs but one action."""
    glue = [arn("glue", "us-east-1", one) for one in ("catalog", f"database/{DATABASE}", f"table/{DATABASE}/events")]
    rights = [
        (["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"], [f"{BUCKET_ARN}/*"]),
        (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [BUCKET_ARN]),
        (["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"], glue),
        (["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"], [FUNCTION_ARN]),
    ]
    statements = [allow([one for one in actions if one != without], where) for actions, where in rights]
    return role(emulator, "stream-role", trust("firehose"), *[one for one in statements if one["Action"]])


def destination(role_arn: str, **more: Any) -> dict[str, Any]:
    """The destination of the stream."""
    schema = {"DatabaseName": DATABASE, "TableName": "events", "RoleARN": role_arn, "Region": "us-east-1"}
    parameters = {"LambdaArn": FUNCTION_ARN, "NumberOfRetries": "1", "BufferSizeInMBs": "1"}
    lambda_ = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    return {
        "RoleARN": role_arn,
        "BucketARN": BUCKET_ARN,
        "Prefix": "events/!{timestamp:yyyy/MM/dd/HH}/",
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": lambda_}]},
        "DataFormatConversionConfiguration": {
            "Enabled": True,
            "SchemaConfiguration": schema,
            "InputFormatConfiguration": {"Deserializer": {"HiveJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}},
        },
        **more,
    }


def stream(emulator: AwsEmulator, role_arn: str, **more: Any) -> None:
    """The stream."""
    given = destination(role_arn, **more)
    emulator.client("firehose").create_delivery_stream(
        DeliveryStreamName=STREAM, DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=given
    )


def keys(emulator: AwsEmulator, prefix: str = "") -> list[str]:
    """The objects of the bucket."""
    found = emulator.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [one["Key"] for one in found.get("Contents", [])]


def pipeline(emulator: AwsEmulator, source: str = PASSING, *, without: str = "", **more: Any) -> None:
    """A table, a transform and a stream."""
    table(emulator, COLUMNS)
    function(emulator, source)
    stream(emulator, stream_role(emulator, without=without), **more)


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    """The code with which a call was refused."""
    return str(caught.value.response["Error"]["Code"])
