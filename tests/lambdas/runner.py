"""Runs in a process that has boto3 and no other package: a function's handler, once for each line of standard input.

Arguments: the folder of the code, the function, the milliseconds that it may run. A line is an event; one comes back
for each, with the answer or the error, what was logged, and the processor's time.
"""

import contextlib
import importlib
import io
import json
import sys
import time
from typing import Any

code, name, milliseconds = sys.argv[1:]
sys.path.insert(0, code)
handler = importlib.import_module(f"due_cli.lambdas.{name}").handler


class Context:
    """What a handler gets beside its event."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""
        return int(milliseconds)


for line in sys.stdin:
    out = io.StringIO()
    reply: dict[str, Any] = {}
    event = json.loads(line)
    begun = time.process_time()
    try:
        with contextlib.redirect_stdout(out):
            reply["answer"] = handler(event, Context())
    except Exception as error:
        reply["error"] = f"{type(error).__name__}: {error}"
    reply["processor_seconds"] = time.process_time() - begun
    reply["log"] = out.getvalue()
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
