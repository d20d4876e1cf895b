"""Requests that are signed as calls of AWS are, to addresses that are none of its APIs: the status API's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from due_cli.aws.client import Aws
from due_cli.aws.errors import explained

_SERVICE = "execute-api"
_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered."""

    status: int
    body: str


def get(aws: Aws, address: str, parameters: Mapping[str, str]) -> Answer:
    """GETs an address of an API with the caller's signature (Signature Version 4)."""
    with explained(f"calling {address}"):
        request = AWSRequest("GET", f"{address}?{urlencode(parameters)}")
        credentials = aws.for_library()[0].get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials, _SERVICE, aws.caller.region).add_auth(request)
        session = URLLib3Session(timeout=_SECONDS, proxies=get_environ_proxies(address))
        try:
            answer = session.send(request.prepare())
            return Answer(answer.status_code, answer.text)
        finally:
            session.close()
