"""The AWS services of one account and region, as one caller."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from due_cli import __version__
from due_cli.aws.errors import translate_errors
from due_cli.aws.rate_limits import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_firehose import FirehoseClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lakeformation import LakeFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_pinpoint import PinpointClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient

Client = TypeVar("Client")
_SES_SECONDS = 1.05  # SES answers one call a second (SES developer guide, "Service quotas")
_CONNECT_SECONDS = 5
_READ_SECONDS = 60
_ATTEMPTS = 8
_CONNECTIONS = 16  # the steps of a plan ask side by side; beyond botocore's ten each call would open its own
# Pinpoint is gone for most accounts: whether it answers is asked once, and must not cost minutes.
_ASKED_ONCE = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
_ONCE = Config(connect_timeout=3, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, from where: ``partition`` is ``aws``, ``aws-cn`` or ``aws-us-gov``."""

    account: str
    arn: str
    partition: str
    region: str


class Aws:
    """Clients by service, made when they are first asked for; they may be used by several threads.

    Endpoints (``AWS_ENDPOINT_URL`` and those of single services), profiles and credentials are found as by the AWS CLI.
    Raises :class:`~due_cli.core.errors.ConfigurationError` for a profile that is not there and where no region is set.
    """

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        self._lock = threading.RLock()
        with translate_errors("reading the AWS configuration"):
            self._session = boto3.Session(profile_name=profile, region_name=region)
            if not self._session.region_name:
                raise NoRegionError
            self._config = Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                max_pool_connections=_CONNECTIONS,
                user_agent_extra=f"due/{__version__}",
            )

    @cached_property
    def caller(self) -> Caller:
        """The account and region that everything is in; one call. Raises where credentials are missing or expired."""
        with self._lock, translate_errors("asking who calls (sts:GetCallerIdentity)"):
            client = self._session.client("sts", config=self._config)
            identity = client.get_caller_identity()
            arn = identity["Arn"]
            return Caller(identity["Account"], arn, arn.split(":")[1], client.meta.region_name)

    @cached_property
    def s3(self) -> S3Client:
        """Amazon S3."""
        return self._made(lambda: self._session.client("s3", config=self._config))

    @cached_property
    def iam(self) -> IAMClient:
        """AWS Identity and Access Management."""
        return self._made(lambda: self._session.client("iam", config=self._config))

    @cached_property
    def glue(self) -> GlueClient:
        """The AWS Glue Data Catalog."""
        return self._made(lambda: self._session.client("glue", config=self._config))

    @cached_property
    def firehose(self) -> FirehoseClient:
        """Amazon Data Firehose."""
        return self._made(lambda: self._session.client("firehose", config=self._config))

    @cached_property
    def firehose_without_retries(self) -> FirehoseClient:
        """Amazon Data Firehose, each call made once: whoever puts records puts those refused again."""
        return self._made(lambda: self._session.client("firehose", config=self._config.merge(_ONCE)))

    @cached_property
    def kms(self) -> KMSClient:
        """AWS Key Management Service."""
        return self._made(lambda: self._session.client("kms", config=self._config))

    @cached_property
    def lambda_(self) -> LambdaClient:
        """AWS Lambda."""
        return self._made(lambda: self._session.client("lambda", config=self._config))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Amazon DynamoDB."""
        return self._made(lambda: self._session.client("dynamodb", config=self._config))

    @cached_property
    def apigateway(self) -> ApiGatewayV2Client:
        """Amazon API Gateway, HTTP APIs."""
        return self._made(lambda: self._session.client("apigatewayv2", config=self._config))

    @cached_property
    def athena(self) -> AthenaClient:
        """Amazon Athena."""
        return self._made(lambda: self._session.client("athena", config=self._config))

    @cached_property
    def ses(self) -> SESV2Client:
        """Amazon SES, API v2."""
        client = self._made(lambda: self._session.client("sesv2", config=self._config))
        RateLimiter(client, _SES_SECONDS)
        return client

    @cached_property
    def pinpoint(self) -> PinpointClient:
        """Amazon Pinpoint, whose support ended on 2026-10-30."""
        return self._made(lambda: self._session.client("pinpoint", config=self._config.merge(_ASKED_ONCE)))

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:
        """Amazon CloudWatch metrics and alarms."""
        return self._made(lambda: self._session.client("cloudwatch", config=self._config))

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Amazon CloudWatch Logs."""
        return self._made(lambda: self._session.client("logs", config=self._config))

    @cached_property
    def sns(self) -> SNSClient:
        """Amazon SNS, for the alarms' mail."""
        return self._made(lambda: self._session.client("sns", config=self._config))

    @cached_property
    def lakeformation(self) -> LakeFormationClient:
        """AWS Lake Formation, which may stand before the Glue Data Catalog."""
        return self._made(lambda: self._session.client("lakeformation", config=self._config))

    def session_and_config(self) -> tuple[boto3.Session, Config]:
        """The session and a copy of the configuration, for a library that makes its clients itself."""
        return self._session, self._config.merge(Config())

    def _made(self, make: Callable[[], Client]) -> Client:
        with self._lock, translate_errors("reading the AWS configuration"):  # a session makes one client at a time
            return make()
