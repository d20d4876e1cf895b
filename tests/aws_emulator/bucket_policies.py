"""What moto lacks of buckets: policies, in which it reads no conditions, and tags that a bucket is created with."""

from __future__ import annotations

from moto.s3.models import s3_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, PARTITION, tags_given
from tests.aws_emulator.server import Core
from tests.aws_emulator.wire import Answer, RefusedError, Request


class BucketPolicies:
    """The policy of each bucket, as it was put; one that wants TLS would have moto refuse every call."""

    def __init__(self, core: Core) -> None:
        self._held: dict[str, bytes] = {}
        for name in ("PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy"):
            core.handlers[f"s3:{name}"] = self._handle
        core.watchers += [self._created, self._deleted]

    def _handle(self, call: Call, request: Request) -> Answer:
        bucket = call.parameters["Bucket"]
        if bucket not in s3_backends[ACCOUNT][PARTITION].buckets:
            raise RefusedError("NoSuchBucket", "The specified bucket does not exist", 404)
        if call.operation == "PutBucketPolicy":
            self._held[bucket] = request.body
        elif call.operation == "DeleteBucketPolicy":
            self._held.pop(bucket, None)
        elif bucket not in self._held:
            raise RefusedError("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
        else:
            return Answer(200, [("Content-Type", "application/json")], self._held[bucket])
        return Answer(204)

    def _created(self, call: Call, _: Request, __: Answer) -> None:
        if call.name == "s3:CreateBucket" and (tags := tags_given(call)):
            s3_backends[ACCOUNT][PARTITION].put_bucket_tagging(call.parameters["Bucket"], tags)

    def _deleted(self, call: Call, _: Request, __: Answer) -> None:
        if call.name == "s3:DeleteBucket":
            self._held.pop(call.parameters["Bucket"], None)
