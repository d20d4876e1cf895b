"""DynamoDB Local starts, answers boto3 and keeps an item."""

from __future__ import annotations

from collections.abc import Iterator

import boto3  # noqa: TID251  the tests speak to DynamoDB as the functions do
import pytest

from tests.engines import servers


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """DynamoDB Local, for the whole run."""
    with servers.dynamodb(tmp_path_factory.mktemp("dynamodb")) as started:
        yield started


def test_item_is_kept(dynamodb: servers.Server) -> None:
    client = boto3.client(
        "dynamodb",
        endpoint_url=dynamodb.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_table(
        TableName="status",
        AttributeDefinitions=[{"AttributeName": "message_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "message_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"message_id": {"S": "m-1"}, "send": {"S": "2026-03-01T10:00:00.000Z"}}
    client.put_item(TableName="status", Item=item)
    assert client.get_item(TableName="status", Key={"message_id": {"S": "m-1"}})["Item"] == item
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(TableName="status", Item=item, ConditionExpression="attribute_not_exists(message_id)")
    client.close()
