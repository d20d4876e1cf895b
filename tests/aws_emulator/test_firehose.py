"""What the emulator's Firehose leaves out of its answers, has in pages, and refuses; and Athena's pages of tags."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator


def made(emulator: AwsEmulator, **parameters: str) -> Any:
    """A stream with a transform's parameters; its destination as it is described."""
    account.table(emulator, account.COLUMNS)
    account.function(emulator, account.PASSING)
    role = account.stream_role(emulator)
    processor = {"LambdaArn": account.FUNCTION_ARN, **parameters}
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in processor.items()]
    processing = {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": listed}]}
    account.stream(emulator, role, ProcessingConfiguration=processing)
    found = emulator.client("firehose").describe_delivery_stream(DeliveryStreamName=account.STREAM)
    return found["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]


def test_defaults_are_left_out_of_a_description(emulator: AwsEmulator) -> None:
    destination = made(emulator, NumberOfRetries="3", BufferIntervalInSeconds="61", BufferSizeInMBs="1")
    [processor] = destination["ProcessingConfiguration"]["Processors"]
    assert {one["ParameterName"] for one in processor["Parameters"]} == {"LambdaArn", "BufferIntervalInSeconds"}
    serializer = destination["DataFormatConversionConfiguration"]["OutputFormatConfiguration"]["Serializer"]
    assert serializer == {"ParquetSerDe": {}}


@pytest.mark.parametrize(("name", "most"), [("BufferIntervalInSeconds", 900), ("NumberOfRetries", 300)])
def test_a_processor_has_no_more_than_the_most(emulator: AwsEmulator, name: str, most: int) -> None:
    with pytest.raises(ClientError, match=f"{name} must be between 0 and {most}"):
        made(emulator, **{name: str(most + 1)})


def test_tags_come_in_pages(emulator: AwsEmulator) -> None:
    made(emulator)
    firehose = emulator.client("firehose")
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(3)]
    firehose.tag_delivery_stream(DeliveryStreamName=account.STREAM, Tags=tags)
    first = firehose.list_tags_for_delivery_stream(DeliveryStreamName=account.STREAM)
    assert (len(first["Tags"]), first["HasMoreTags"]) == (2, True)
    rest = firehose.list_tags_for_delivery_stream(
        DeliveryStreamName=account.STREAM, ExclusiveStartTagKey=first["Tags"][-1]["Key"]
    )
    assert ([one["Key"] for one in rest["Tags"]], rest["HasMoreTags"]) == (["k2"], False)


def test_tags_of_a_workgroup_come_in_pages(emulator: AwsEmulator) -> None:
    athena = emulator.client("athena")
    athena.create_work_group(Name="one", Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(3)])
    where = "arn:aws:athena:us-east-1:123456789012:workgroup/one"
    first = athena.list_tags_for_resource(ResourceARN=where)
    assert len(first["Tags"]) == 2
    assert len(athena.list_tags_for_resource(ResourceARN=where, NextToken=first["NextToken"])["Tags"]) == 1


def test_a_stream_whose_key_is_disabled_goes_only_by_force(emulator: AwsEmulator) -> None:
    made(emulator)
    firehose = emulator.client("firehose")
    emulator.firehose.keys_disabled.add(account.STREAM)
    for _ in range(2):
        firehose.delete_delivery_stream(DeliveryStreamName=account.STREAM)
        found = firehose.describe_delivery_stream(DeliveryStreamName=account.STREAM)
        assert found["DeliveryStreamDescription"]["DeliveryStreamStatus"] == "DELETING_FAILED"
    firehose.delete_delivery_stream(DeliveryStreamName=account.STREAM, AllowForceDelete=True)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_a_stream_has_one_quota_for_all_that_put_into_it(emulator: AwsEmulator) -> None:
    made(emulator)
    emulator.firehose.quota = 5
    emulator.clock.set(1_767_225_599)
    emulator.firehose.put(account.STREAM, *range(3))  # live events
    firehose, records = emulator.client("firehose"), [{"Data": b"one"}] * 4
    answer = firehose.put_record_batch(DeliveryStreamName=account.STREAM, Records=records)
    assert (answer["FailedPutCount"], emulator.firehose.buffered(account.STREAM)) == (2, 5)
    with pytest.raises(ClientError, match="Slow down"):
        firehose.put_record(DeliveryStreamName=account.STREAM, Record={"Data": b"one"})
    emulator.clock.advance(1)
    assert firehose.put_record_batch(DeliveryStreamName=account.STREAM, Records=records)["FailedPutCount"] == 0
