"""The clients of AWS services for one profile and region."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import NoRegionError

from due_cli import __version__
from due_cli.aws.errors import translate_errors
from due_cli.aws.pool import pause

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
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 8},
    max_pool_connections=16,  # the steps of a plan call concurrently; botocore keeps ten connections by default
    user_agent_extra=f"due/{__version__}",
)
# The service of a client whose attribute is not named after it.
_SERVICES = {
    "apigateway": "apigatewayv2",
    "lambda_": "lambda",
    "ses": "sesv2",
    "sms": "pinpoint-sms-voice-v2",
}
_CONFIGS = {
    # Some regions have no End User Messaging: that must not take minutes either.
    "sms": Config(connect_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}),
    # Most accounts have no Pinpoint any more: finding that out must not take minutes.
    "pinpoint": Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2}),
}
_SES_SECONDS = 1.05  # SES accepts one call a second (SES developer guide, "Service quotas")


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller's identity; ``partition`` is ``aws``, ``aws-cn`` or ``aws-us-gov``."""

    account: str
    arn: str
    partition: str
    region: str


class Aws:
    """Clients by service, each created when it is first used; several threads may use them.

    Endpoints (``AWS_ENDPOINT_URL`` and those of single services), profiles and credentials are found as by the AWS CLI.
    Raises :class:`~due_cli.core.errors.ConfigurationError` for an unknown profile and where no region is set.
    """

    apigateway: ApiGatewayV2Client
    athena: AthenaClient
    cloudwatch: CloudWatchClient
    dynamodb: DynamoDBClient
    firehose: FirehoseClient
    glue: GlueClient
    iam: IAMClient
    kms: KMSClient
    lakeformation: LakeFormationClient
    lambda_: LambdaClient
    logs: CloudWatchLogsClient
    pinpoint: PinpointClient
    s3: S3Client
    ses: SESV2Client
    sms: PinpointSMSVoiceV2Client
    sns: SNSClient

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        self._lock = threading.RLock()
        with translate_errors("reading the AWS configuration"):
            self._session = boto3.Session(profile_name=profile, region_name=region)
            if not self._session.region_name:
                raise NoRegionError

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> BaseClient:
            """Create the client of an attribute that is declared above and was not used yet."""
            if name not in Aws.__annotations__:
                raise AttributeError(name)
            # A session creates one client at a time.
            with self._lock, translate_errors("reading the AWS configuration"):
                if name not in self.__dict__:
                    config = _CONFIG.merge(_CONFIGS.get(name, Config()))
                    client = self._session.client(_SERVICES.get(name, name), config=config)
                    if name == "ses":
                        RateLimiter(client, _SES_SECONDS)
                    self.__dict__[name] = client
                return self.__dict__[name]

    @cached_property
    def caller(self) -> Caller:
        """The caller's account and region; one call. Raises where credentials are missing or expired."""
        with self._lock, translate_errors("checking AWS credentials (sts:GetCallerIdentity)"):
            client = self._session.client("sts", config=_CONFIG)
            identity = client.get_caller_identity()
            arn = identity["Arn"]
            return Caller(identity["Account"], arn, arn.split(":")[1], client.meta.region_name)

    def session_and_config(self) -> tuple[boto3.Session, Config]:
        """The session and a copy of the configuration, for a library that creates its clients itself."""
        return self._session, _CONFIG.merge(Config())


class RateLimiter:
    """A limit that spaces the calls of a client ``seconds`` apart from its first throttled call on, over all threads.

    Repeating throttled calls would take more time than it saves, and quota from other callers of the account.
    """

    _THROTTLED = ("TooManyRequestsException", "ThrottlingException", "Throttling")

    def __init__(self, client: BaseClient, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._is_limiting = False
        self._next = 0.0
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"needs-retry.{service}", self._observe)
        client.meta.events.register(f"before-send.{service}", self._wait)

    def _observe(self, response: tuple[object, dict[str, Any]] | None = None, **_: object) -> None:
        if response is None:
            return
        if response[1].get("Error", {}).get("Code") in self._THROTTLED:
            self._is_limiting = True
        with self._lock:  # the service counted the call before it responded, so this is late enough
            self._next = max(self._next, time.monotonic() + self._seconds)

    def _wait(self, **_: object) -> None:
        if not self._is_limiting:
            return
        with self._lock:
            begin = max(self._next, time.monotonic())
            self._next = begin + self._seconds
        pause(max(0.0, begin - time.monotonic()))


def region_names() -> list[str]:
    """The regions of AWS that have SES, as boto3 knows them without a call."""
    return sorted(boto3.Session(region_name="us-east-1").get_available_regions("sesv2"))
