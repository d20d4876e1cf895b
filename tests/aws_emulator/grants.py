"""By which role a function's environment can be read: the one that it was given, not one made later under its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.aws_emulator.calls import Call
from tests.aws_emulator.iam import Identities
from tests.aws_emulator.policies import Need
from tests.aws_emulator.wire import Answer, Request

DENIED = (
    "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check the function's "
    "KMS key settings. KMS Exception: AccessDeniedException"
)


class Grants:
    """Lambda grants a role the use of the key when the function gets it, and when it has it already grants nothing."""

    def __init__(self, iam: Identities, function: Callable[[str, str], Any]) -> None:
        self._iam, self._function = iam, function
        self._granted: dict[str, tuple[str, str | None]] = {}  # by function: the ARN of a role, and its id

    def allow(self, function: Any) -> bool:
        """Whether a function can start: its role is the very one that it was given, and may use a key of the user's."""
        key = function.kms_key_arn
        if key and not self._iam.permits(function.role, Need("kms:Decrypt", (key,))):
            return False
        return self._granted[function.function_arn] == (function.role, self._iam.role_id(function.role))

    def watch(self, call: Call, _: Request, __: Answer) -> None:
        """Sees a function get a role, and notes when it was changed, which moto does not."""
        if call.name not in (
            "lambda:CreateFunction",
            "lambda:UpdateFunctionConfiguration",
            "lambda:UpdateFunctionCode",
        ):
            return
        function = self._function(call.parameters["FunctionName"], call.region)
        function.last_modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        if "KMSKeyArn" in call.parameters:  # which moto takes on creation alone
            function.kms_key_arn = call.parameters["KMSKeyArn"] or None
        before = self._granted.get(function.function_arn, ("", None))[0]
        if call.operation == "CreateFunction" or before != function.role:
            self._granted[function.function_arn] = (function.role, self._iam.role_id(function.role))
