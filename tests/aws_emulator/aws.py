"""The whole emulator: the server with every service that it adds to moto."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from moto.moto_api._internal.models import moto_api_backend

from tests.aws_emulator.athena import Athena
from tests.aws_emulator.bucket_policies import BucketPolicies
from tests.aws_emulator.dynamodb import Statements
from tests.aws_emulator.firehose import Firehose
from tests.aws_emulator.functions import Functions
from tests.aws_emulator.glue import PartitionPages
from tests.aws_emulator.http_api import HttpApis
from tests.aws_emulator.lake_formation import LakeFormation
from tests.aws_emulator.logs import Logs
from tests.aws_emulator.pinpoint import Pinpoint
from tests.aws_emulator.server import Core
from tests.aws_emulator.ses import Ses
from tests.aws_emulator.sms import Sms
from tests.aws_emulator.sns import Sns


class AwsEmulator(Core):
    """AWS, as far as due needs it. One at a time in a process: moto's state belongs to the process."""

    def __init__(self) -> None:
        moto_api_backend.reset()
        super().__init__()
        self.bucket_policies = BucketPolicies(self)
        self.ses = Ses(self)
        self.lake_formation = LakeFormation(self)
        self.functions = Functions(self)
        self.firehose = Firehose(self, self.lake_formation)
        self.statements = Statements(self)
        self.partition_pages = PartitionPages(self)
        self.athena = Athena(self)
        self.http_apis = HttpApis(self, self.functions)
        self.pinpoint = Pinpoint(self)
        self.logs = Logs(self)
        self.sms = Sms(self)
        self.sns = Sns(self)

    def stop(self) -> None:
        """Ends serving, and what runs."""
        self.pinpoint.close()
        self.athena.close()
        self.functions.close()
        super().stop()

    @contextmanager
    def at(self, moment: float) -> Iterator[None]:
        """What is put meanwhile arrives at a moment (epoch seconds), and is delivered then."""
        self.clock.set(moment)
        try:
            yield
            self.flush()
        finally:
            self.clock.set(None)

    def flush(self) -> None:
        """Delivers everything that streams hold, and waits for the functions that this sets off."""
        self.firehose.flush()
        self.functions.settle()
