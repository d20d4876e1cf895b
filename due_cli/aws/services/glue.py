"""The AWS Glue Data Catalog: the partitions of the table, and which roles Lake Formation keeps from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.pipeline import partitions
from due_cli.aws.pipeline.partitions import EXISTS, create_partitions, partition_of
from due_cli.core.errors import RefusedError

# What every caller of the catalog needs on the key that it is encrypted with (Athena user guide, "Access to encrypted
# metadata in the AWS Glue Data Catalog").
KEY_ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
_BY_CALLER = "SSE-KMS"  # the mode in which callers use the key; in the other one a role of the service does
_UNKNOWN_TIME = datetime.max.replace(tzinfo=UTC)  # of a partition's creation, which may have been just now
_AWS_KEY = "alias/aws/glue"  # which everybody in the account may use
# The principal of Lake Formation for "everyone whom IAM allows"; where it has permissions, IAM alone decides.
IAM_ALLOWED = "IAM_ALLOWED_PRINCIPALS"


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition as Glue stores it; ``hour`` is its value in due's form, None for a value that is no hour."""

    value: str
    hour: str | None
    location: str


def partition_exists(aws: Aws, database: str, table: str, hour: str) -> bool:
    """Whether an hour is a partition, in the form in which the partition function writes it."""
    doing = f"looking for partition {hour} of {database}.{table} (glue:GetPartition)"
    with translate_errors(doing), ignore_errors("EntityNotFoundException"):
        aws.glue.get_partition(DatabaseName=database, TableName=table, PartitionValues=[hour])
        return True
    return False


def list_partitions(aws: Aws, database: str, table: str) -> list[Partition]:
    """Every partition of a table."""
    with translate_errors(f"listing the partitions of {database}.{table} (glue:GetPartitions)"):
        pages = aws.glue.get_paginator("get_partitions").paginate(
            DatabaseName=database, TableName=table, ExcludeColumnSchema=True
        )
        return [_partition(entry) for page in pages for entry in page["Partitions"]]


def partition_locations(aws: Aws, database: str, table: str, hours: Iterable[str]) -> dict[str, str]:
    """The location of the partition of each hour that has one, as an S3 URI that ends in a slash."""
    with translate_errors(f"looking for partitions of {database}.{table} (glue:BatchGetPartition)"):
        return partitions.partition_locations(aws.glue, database, table, hours)


def partitions_between(
    aws: Aws, database: str, table: str, first: datetime, end: datetime
) -> list[tuple[str, datetime]]:
    """The location of each partition from an hour to before another (naive, UTC), and when it was created."""
    with translate_errors(f"listing the partitions of {database}.{table} (glue:GetPartitions)"):
        pages = aws.glue.get_paginator("get_partitions").paginate(
            DatabaseName=database,
            TableName=table,
            Expression=f"ingest_timestamp >= '{first}' AND ingest_timestamp < '{end}'",
            ExcludeColumnSchema=True,
        )
        return [
            (str(entry.get("StorageDescriptor", {}).get("Location", "")), entry.get("CreationTime", _UNKNOWN_TIME))
            for page in pages
            for entry in page["Partitions"]
        ]


def partition_location(bucket: str, hour: str) -> str:
    """The S3 URI of the objects of an hour."""
    location: str = partition_of(hour, bucket, {})["StorageDescriptor"]["Location"]
    return location


def add_partitions(aws: Aws, database: str, table: str, bucket: str, hours: Iterable[str]) -> int:
    """Add the partitions of hours, newest first, as the partition function does; return how many did not exist.

    Raises :class:`RefusedError` where Glue refuses any.
    """
    newest_first = sorted(hours, reverse=True)
    with translate_errors(f"adding partitions to {database}.{table} (glue:BatchCreatePartition)"):
        descriptor = _descriptor(aws, database, table)
        errors = create_partitions(aws.glue, database, table, bucket, newest_first, descriptor)
    refused = {hour: code for hour, code in errors.items() if code != EXISTS}
    if refused:
        hour, code = min(refused.items())
        raise RefusedError(f"Glue did not take {len(refused)} of {len(newest_first)} partitions: {hour}: {code}")
    return len(newest_first) - len(errors)


def delete_partition(aws: Aws, database: str, table: str, partition: Partition) -> None:
    """Delete a partition; the objects at its location stay."""
    with (
        translate_errors(f"deleting partition {partition.value} of {database}.{table} (glue:DeletePartition)"),
        ignore_errors("EntityNotFoundException"),
    ):
        aws.glue.delete_partition(DatabaseName=database, TableName=table, PartitionValues=[partition.value])


def relocate_partition(aws: Aws, database: str, table: str, bucket: str, partition: Partition) -> None:
    """Set the location of a partition to that of its hour; its value stays as it is."""
    if partition.hour is None:
        return
    with translate_errors(f"updating partition {partition.value} of {database}.{table} (glue:UpdatePartition)"):
        relocated = partition_of(partition.hour, bucket, _descriptor(aws, database, table))
        new: Any = {**relocated, "Values": [partition.value]}
        aws.glue.update_partition(
            DatabaseName=database, TableName=table, PartitionValueList=[partition.value], PartitionInput=new
        )


def roles_without_grants(aws: Aws, database: str, table: str, roles: Sequence[str]) -> list[str]:
    """Those of some roles (ARNs) that Lake Formation keeps from a table; none where it leaves the table to IAM.

    Lake Formation is asked only about a table that it manages: one whose location is registered with it, or in a
    database without default permissions for everyone whom IAM allows (AWS Glue API, ``IsRegisteredWithLakeFormation``,
    ``CreateTableDefaultPermissions``).
    """
    with translate_errors(f"looking at table {database}.{table}"), ignore_errors("EntityNotFoundException"):
        description = aws.glue.get_table(DatabaseName=database, Name=table)["Table"]
        defaults = aws.glue.get_database(Name=database)["Database"].get("CreateTableDefaultPermissions")
        if not description.get("IsRegisteredWithLakeFormation") and defaults != []:
            return []
        granted = _grantees(aws, database, table)
        everyone = {IAM_ALLOWED, f"{aws.caller.account}:IAMPrincipals"}
        return [] if granted & everyone else [role for role in roles if role not in granted]
    return []


def table_exists(aws: Aws, database: str, table: str) -> bool:
    """Whether there is a table."""
    with translate_errors(f"looking at table {database}.{table}"), ignore_errors("EntityNotFoundException"):
        aws.glue.get_table(DatabaseName=database, Name=table)
        return True
    return False


def new_tables_are_restricted(aws: Aws, database: str) -> bool:
    """Whether Lake Formation decides about a new table: its database, or what a new one gets, leaves it not to IAM."""
    with translate_errors(f"looking at database {database}"), ignore_errors("EntityNotFoundException"):
        return aws.glue.get_database(Name=database)["Database"].get("CreateTableDefaultPermissions") == []
    with translate_errors("asking for Lake Formation's settings (lakeformation:GetDataLakeSettings)"):
        settings = aws.lakeformation.get_data_lake_settings()["DataLakeSettings"]
        return settings.get("CreateTableDefaultPermissions") == []


def catalog_key(aws: Aws) -> str | None:
    """The ARN of the customer managed key that callers use the catalog with; None without one."""
    with translate_errors("asking for the encryption of the catalog (glue:GetDataCatalogEncryptionSettings)"):
        settings = aws.glue.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
    at_rest = settings.get("EncryptionAtRest", {})
    key = at_rest.get("SseAwsKmsKeyId", _AWS_KEY)
    if at_rest.get("CatalogEncryptionMode") != _BY_CALLER or key.endswith(_AWS_KEY):
        return None
    if ":key/" in key:
        return key
    with translate_errors(f"looking for key {key} (kms:DescribeKey)"):
        return aws.kms.describe_key(KeyId=key)["KeyMetadata"].get("Arn")


def _grantees(aws: Aws, database: str, table: str) -> set[str]:
    """The principals with any permission on a table in Lake Formation."""
    principals: set[str] = set()
    token: dict[str, Any] = {}
    with translate_errors(f"asking Lake Formation about {database}.{table} (lakeformation:ListPermissions)"):
        while True:
            response = aws.lakeformation.list_permissions(
                Resource={"Table": {"DatabaseName": database, "Name": table}}, **token
            )
            for grant in response["PrincipalResourcePermissions"]:
                principals.add(grant.get("Principal", {}).get("DataLakePrincipalIdentifier", ""))
            if not response.get("NextToken"):
                return principals
            token = {"NextToken": response["NextToken"]}


def _descriptor(aws: Aws, database: str, table: str) -> dict[str, Any]:
    return {**aws.glue.get_table(DatabaseName=database, Name=table)["Table"].get("StorageDescriptor", {})}


def _partition(entry: Any) -> Partition:
    value = str(entry["Values"][0])
    return Partition(value, _hour(value), str(entry.get("StorageDescriptor", {}).get("Location", "")))


def _hour(value: str) -> str | None:
    """A partition's value in due's form; the archived AWS solution wrote ``2020-05-01 00:00:00.0``."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    is_whole = moment == moment.replace(minute=0, second=0, microsecond=0)
    return f"{moment:%Y-%m-%d %H}:00:00" if is_whole and moment.tzinfo is None else None
