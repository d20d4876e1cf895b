"""The emulator's evaluator of IAM, its HTTP API, and the ways in which Pinpoint is gone."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import boto3  # noqa: TID251
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, arn, needs_of
from tests.aws_emulator.pinpoint import Gone
from tests.aws_emulator.policies import Right, allows, conditions_hold, document, rights_in, trusts


def test_statements_allow_by_action_resource_and_condition_and_deny_wins() -> None:
    may = account.policy(account.allow(["s3:Get*"], ["arn:aws:s3:::b/e/*"]))
    deny = account.policy({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/e/secret"})
    assert allows([may], "s3:GetObject", "arn:aws:s3:::b/e/x", {})
    assert not allows([may], "s3:PutObject", "arn:aws:s3:::b/e/x", {})
    assert not allows([may], "s3:GetObject", "arn:aws:s3:::b/f/x", {})
    assert not allows([may, deny], "s3:GetObject", "arn:aws:s3:::b/e/secret", {})
    assert conditions_hold({"StringLike": {"aws:SourceArn": "arn:*:a?"}}, {"aws:sourcearn": "arn:x:ab"})
    assert not conditions_hold({"StringEquals": {"aws:SourceAccount": "1"}}, {})
    assert conditions_hold({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {})
    assert not conditions_hold({"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "true"})
    with pytest.raises(NotImplementedError):
        conditions_hold({"IpAddress": {"aws:SourceIp": "1"}}, {"aws:SourceIp": "1"})
    given = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": "arn:x"}
    assert trusts(account.trust("ses", "arn:x"), "ses.amazonaws.com", given)
    assert not trusts(account.trust("ses", "arn:y"), "ses.amazonaws.com", given)
    assert not trusts(account.trust("ses", "arn:x"), "firehose.amazonaws.com", given)
    assert document("%7B%22Statement%22%3A%5B%5D%7D") == {"Statement": []}


def test_a_user_can_do_what_the_policy_says_and_no_more(emulator: AwsEmulator) -> None:
    emulator.client("s3").create_bucket(Bucket="one-bucket")
    emulator.client("s3").create_bucket(Bucket="two-bucket")
    policy = account.policy(account.allow("s3:ListBucket", "arn:aws:s3:::one-bucket"))
    key = emulator.iam.user("person", policy)["AWS_ACCESS_KEY_ID"]
    s3 = emulator.client("s3", key)
    s3.list_objects_v2(Bucket="one-bucket")
    with pytest.raises(ClientError, match="s3:ListBucket on resource: arn:aws:s3:::two-bucket"):
        s3.list_objects_v2(Bucket="two-bucket")
    assert [str(one.need) for one in emulator.iam.denied] == ["s3:ListBucket on arn:aws:s3:::two-bucket"]
    emulator.iam.enforce = False
    s3.list_objects_v2(Bucket="two-bucket")
    assert len(emulator.iam.denied) == 2


def test_a_right_beside_which_another_would_do_is_not_needed(emulator: AwsEmulator) -> None:
    emulator.client("s3").create_bucket(Bucket="one-bucket")
    one, every = "arn:aws:s3:::one-bucket", "arn:aws:s3:::*"
    policy = account.policy(
        account.allow(["s3:ListBucket", "s3:GetBucketPolicy"], [one, every]), account.allow("s3:GetBucketTagging", one)
    )
    keys = emulator.iam.user("person", policy)
    person, s3 = emulator.iam.who(keys["AWS_ACCESS_KEY_ID"])[0], emulator.client("s3", keys["AWS_ACCESS_KEY_ID"])
    s3.list_objects_v2(Bucket="one-bucket")
    with pytest.raises(ClientError):
        s3.get_bucket_tagging(Bucket="one-bucket")
    assert emulator.iam.denied == []
    assert emulator.iam.needed(person) == {Right("s3:GetBucketTagging", one)}
    listing = frozenset((Right("s3:ListBucket", one), Right("s3:ListBucket", every)))
    assert emulator.iam.used[person] == {listing, frozenset(emulator.iam.needed(person))}
    assert len(rights_in([policy])) == 5


def test_passing_a_role_needs_a_right_of_its_own_for_that_service(emulator: AwsEmulator) -> None:
    account.table(emulator, {"a": "string"})
    role = account.stream_role(emulator)
    create = account.allow("firehose:CreateDeliveryStream", account.STREAM_ARN)

    def make(service: str) -> None:
        condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
        passing = account.allow("iam:PassRole", role, Condition=condition)
        key = emulator.iam.user("person", account.policy(create, passing))["AWS_ACCESS_KEY_ID"]
        client = emulator.client("firehose", key)
        given = account.destination(role)
        client.create_delivery_stream(DeliveryStreamName=account.STREAM, ExtendedS3DestinationConfiguration=given)

    with pytest.raises(ClientError, match="iam:PassRole"):
        make("lambda")
    make("firehose")


def test_an_assumed_role_is_who_calls(emulator: AwsEmulator) -> None:
    trusted = account.policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    role = account.role(emulator, "reader", trusted, account.allow("s3:ListAllMyBuckets", "*"))
    given = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    emulator.client("s3", given["AccessKeyId"]).list_buckets()
    assert emulator.journal.of("s3:ListBuckets")[0].principal == role
    with pytest.raises(ClientError):
        emulator.client("glue", given["AccessKeyId"]).get_databases()


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (
            Call("glue", "GetTable", {"DatabaseName": "d", "Name": "t"}),
            "glue:GetTable on catalog, database/d, table/d/t",
        ),
        (Call("glue", "GetDatabase", {"Name": "d"}), "glue:GetDatabase on catalog, database/d"),
        (Call("dynamodb", "GetItem", {"TableName": "t"}), "dynamodb:GetItem on table/t"),
        (Call("dynamodb", "BatchGetItem", {"RequestItems": {"t": {}}}), "dynamodb:BatchGetItem on table/t"),
        (
            Call("dynamodb", "ExecuteStatement", {"Statement": 'UPDATE "t" SET a=1'}),
            "dynamodb:PartiQLUpdate on table/t",
        ),
        (Call("athena", "StartQueryExecution", {"WorkGroup": "g"}), "athena:StartQueryExecution on workgroup/g"),
        (Call("lambda", "Invoke", {"FunctionName": "f"}), "lambda:InvokeFunction on function:f"),
        (Call("logs", "CreateLogGroup", {"logGroupName": "/x"}), "logs:CreateLogGroup on log-group:/x"),
    ],
)
def test_a_call_needs_its_action_on_the_resources_that_it_names(call: Call, wanted: str) -> None:
    [need] = needs_of(call)
    service = "dynamodb" if call.service == "dynamodb" else call.service
    assert str(need).replace(arn(service, "us-east-1", ""), "") == wanted


ANSWERING = """
def handler(event, context):
    who = event["requestContext"]["authorizer"]["iam"]["userArn"]
    return {"statusCode": 404, "headers": {"X-Who": who}, "body": event["queryStringParameters"]["message_id"]}
"""


def api(emulator: AwsEmulator) -> str:
    gateway = emulator.client("apigatewayv2")
    where = account.function(emulator, ANSWERING)
    number = str(gateway.create_api(Name="status", ProtocolType="HTTP")["ApiId"])
    made = gateway.create_integration(
        ApiId=number, IntegrationType="AWS_PROXY", IntegrationUri=where, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    target = f"integrations/{made}"
    gateway.create_route(ApiId=number, RouteKey="GET /call", AuthorizationType="AWS_IAM", Target=target)
    gateway.create_stage(ApiId=number, StageName="$default", AutoDeploy=True)
    emulator.client("lambda").add_permission(
        FunctionName=account.FUNCTION,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=arn("execute-api", "us-east-1", f"{number}/*/*/call"),
    )
    return number


def get(url: str, keys: dict[str, str] | None = None) -> tuple[int, str, Any]:
    request = AWSRequest("GET", url)
    if keys:
        credentials = Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(request.headers))) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_the_http_api_wants_a_signature_of_someone_who_may(emulator: AwsEmulator) -> None:
    number = api(emulator)
    url = emulator.http_apis.url(number, "/call?message_id=a%2Fb")
    assert get(url)[0] == 403
    statement = account.allow("execute-api:Invoke", arn("execute-api", "us-east-1", f"{number}/$default/GET/call"))
    keys = emulator.iam.user("caller", account.policy(statement))
    status, body, headers = get(url, keys)
    assert (status, body) == (404, "a/b")
    assert headers["x-who"].endswith("user/caller")
    assert get(url, {**keys, "AWS_SECRET_ACCESS_KEY": "wrong"})[0] == 403
    assert get(url, emulator.iam.user("other", account.policy(account.allow("s3:*", "*"))))[0] == 403
    assert get(emulator.http_apis.url(number, "/other"), keys)[:2] == (404, '{"message": "Not Found"}')


@pytest.mark.parametrize("gone", [one for one in Gone if one is not Gone.NO])
def test_pinpoint_can_be_gone_in_every_way(emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch, gone: Gone) -> None:
    emulator.pinpoint.gone = gone
    for name, value in emulator.pinpoint.environment().items():
        monkeypatch.setenv(name, value)
    config = Config(retries={"total_max_attempts": 1}, read_timeout=0.5, connect_timeout=2)
    client = boto3.client("pinpoint", config=config)
    with pytest.raises((ClientError, HTTPClientError, ConnectionError)) as caught:
        client.get_apps()
    if isinstance(caught.value, ClientError):
        wanted = {Gone.HTTP_403: "403", Gone.HTTP_404: "404"}.get(gone, gone.value)
        assert caught.value.response["Error"]["Code"] == wanted
    emulator.pinpoint.gone = Gone.NO
    assert emulator.client("pinpoint").get_apps()["ApplicationsResponse"]["Item"] == []
