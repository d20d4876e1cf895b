"""Runs in a process that has boto3 and no other package: a function's handler, once for each line of standard input.

Arguments: the folder of the code, the handler. A line is a JSON object with the event, the file
for the answer and what the environment has of this invocation. A line with ``END`` alone follows what was logged.
As in Lambda, a process is used again: what the module keeps for itself, it keeps for the next event.
"""

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

END = "\x04"


class Context:
    """What a handler gets beside its event."""

    def __init__(self) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = os.environ["EMULATOR_FUNCTION_ARN"]
        self.aws_request_id = os.environ["EMULATOR_REQUEST_ID"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._until = time.monotonic() + float(os.environ["EMULATOR_TIMEOUT"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""
        return max(0, int((self._until - time.monotonic()) * 1000))


def answered(handler: str, event: Any) -> dict[str, str]:
    """The handler's answer, or its error in Lambda's form."""
    try:
        module, name = handler.replace("/", ".").rsplit(".", 1)
        return {"answer": json.dumps(getattr(importlib.import_module(module), name)(event, Context()))}
    except BaseException as error:
        lines = traceback.format_exc().splitlines()
        sys.stdout.write(f"[ERROR] {type(error).__name__}: {error}\r" + "\r".join(lines) + "\n")
        return {
            "error": json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines})
        }


def run(code: str, handler: str) -> int:
    """Answers until there is nothing more to read."""
    sys.path.insert(0, code)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        os.environ.update(asked["environment"])
        Path(asked["answer"]).write_text(json.dumps(answered(handler, asked["event"])))
        sys.stdout.write(f"\n{END}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:3]))
