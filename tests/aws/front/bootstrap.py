"""Runs in a fresh interpreter without site-packages: one invocation of a function's handler, as Lambda makes it.

Arguments: the folder of the code, the folder of boto3, the handler, the file for the answer.
The event is standard input.
"""

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """What a handler gets beside its event."""

    def __init__(self) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = os.environ["FRONT_FUNCTION_ARN"]
        self.aws_request_id = os.environ["FRONT_REQUEST_ID"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._until = time.monotonic() + float(os.environ["FRONT_TIMEOUT"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""
        return max(0, int((self._until - time.monotonic()) * 1000))


def run(code: str, packages: str, handler: str, answer: str) -> int:
    """Calls the handler and writes its answer, or its error in Lambda's form."""
    sys.path[:0] = [code, packages]
    event = json.loads(sys.stdin.buffer.read() or b"{}")
    document: dict[str, Any]
    try:
        module, name = handler.replace("/", ".").rsplit(".", 1)
        found = getattr(importlib.import_module(module), name)(event, Context())
        document = {"answer": json.dumps(found)}
    except BaseException as error:
        lines = traceback.format_exc().splitlines()
        sys.stdout.write(f"[ERROR] {type(error).__name__}: {error}\r" + "\r".join(lines) + "\n")
        failure = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines}
        document = {"error": json.dumps(failure)}
    Path(answer).write_text(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:5]))
