"""A Lambda function: its code, its settings, who may call it, and where the events go that it failed on for good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from due_cli.aws.client import Aws
from due_cli.aws.errors import POLICY_HINT, ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.aws.tags import Tags
from due_cli.core.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

RUNTIME: Final = "python3.13"
ARCHITECTURE: Final = "arm64"  # a fifth cheaper than Lambda's default for the same code, which is Python alone
_RECREATED_ROLE = "one of the same name, which is gone"
_RETRIES = 2  # of an asynchronous call, Lambda's default


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Who may call a function: a service on behalf of one source, of ``account`` if the source's ARN has none."""

    sid: str
    service: str
    source_arn: str
    account: str | None = None

    def statement(self, function_arn: str) -> dict[str, object]:
        """The statement that Lambda adds to the function's policy."""
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": {"Service": f"{self.service}.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": function_arn,
            "Condition": {
                **({"StringEquals": {"AWS:SourceAccount": self.account}} if self.account else {}),
                "ArnLike": {"AWS:SourceArn": self.source_arn},
            },
        }


@dataclass(frozen=True, kw_only=True)
class Function(TaggedResource):
    """``content`` is the zip, ``sha256`` its hash (base64), ``concurrency`` None for no reservation.

    ``stand_in_arn`` is another role that Lambda can assume, for the moment in which the function gets its own anew.
    ``kms_key`` is the key to encrypt the environment with, empty for Lambda's own, None to leave the one that it has.
    Lambda takes one change of a function at a time.
    """

    kind = "function"
    already_exists = ignore_errors("ResourceConflictException", words="already exist")
    name: str
    arn: str
    role_arn: str
    stand_in_arn: str
    handler: str
    content: bytes = field(repr=False)
    sha256: str
    environment: Mapping[str, str]
    kms_key: str | None
    memory_mb: int
    timeout_seconds: int
    concurrency: int | None = None
    permissions: tuple[Permission, ...] = ()
    on_failure_arn: str | None = None

    def _settings(self) -> list[Setting]:
        concurrency, key = "Concurrency.ReservedConcurrentExecutions", "Configuration.KMSKeyArn"
        permissions = {one.sid: one.statement(self.arn) for one in self.permissions}
        on_failure = (self.on_failure_arn, _RETRIES) if self.on_failure_arn else None
        return [
            Setting("Role", self.role_arn, read=self._role, write=self._put_configuration),
            Setting("Configuration.Handler", self.handler, write=self._put_configuration),
            Setting("Configuration.Runtime", RUNTIME, write=self._put_configuration),
            Setting("Configuration.MemorySize", self.memory_mb, default=128, write=self._put_configuration),
            Setting("Configuration.Timeout", self.timeout_seconds, default=3, write=self._put_configuration),
            Setting("Environment", dict(self.environment), read=_environment, write=self._put_configuration),
            *([] if self.kms_key is None else [Setting(key, self.kms_key or None, write=self._put_configuration)]),
            Setting("Configuration.Architectures", [ARCHITECTURE], default=["x86_64"], write=self._put_code),
            Setting("Configuration.CodeSha256", self.sha256, write=self._put_code),
            Setting(concurrency, self.concurrency, write=self._put_concurrency),
            Setting("Permissions", permissions, read=self._current_permissions, write=self._put_permissions),
            Setting("OnFailure", on_failure, read=self._current_on_failure, write=self._put_on_failure),
            self._tag_setting(),
        ]

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Set the named settings; a role that was created anew is given to the function like another one."""
        with self._translate_errors(f"updating {self.kind} {self.name}"):
            self._wait_until_ready(aws)
            if "Role" in changed:
                self._put_role(aws, self.stand_in_arn)
        super().update(aws, changed)

    def _describe(self, aws: Aws) -> Any:
        """Its description; raises if its tags are withheld: Lambda leaves them out then, and refuses nothing."""
        function: Any = aws.lambda_.get_function(FunctionName=self.name)
        if error := function.get("TagsError"):
            problem = f"reading the tags of function {self.name}: access denied: {error['Message']}"
            raise RefusedError(problem, POLICY_HINT)
        return function

    def _create(self, aws: Aws) -> None:
        aws.lambda_.create_function(
            FunctionName=self.name,
            Code={"ZipFile": self.content},
            Architectures=[ARCHITECTURE],
            Tags=dict(self.tags),
            **self._configuration(),
        )

    def _wait_until_ready(self, aws: Aws) -> None:
        def is_ready() -> bool:
            state = aws.lambda_.get_function_configuration(FunctionName=self.name)
            return state.get("State", "Active") == "Active" and state.get("LastUpdateStatus") != "InProgress"

        wait_until(is_ready, f"function {self.name}")

    def _delete(self, aws: Aws) -> None:
        aws.lambda_.delete_function(FunctionName=self.name)

    def _configuration(self) -> Any:
        return {
            "Runtime": RUNTIME,
            "Role": self.role_arn,
            "Handler": self.handler,
            "MemorySize": self.memory_mb,
            "Timeout": self.timeout_seconds,
            "Environment": {"Variables": dict(self.environment)},
            **({} if self.kms_key is None else {"KMSKeyArn": self.kms_key}),
        }

    def _put_configuration(self, aws: Aws) -> None:
        aws.lambda_.update_function_configuration(FunctionName=self.name, **self._configuration())
        self._wait_until_ready(aws)

    def _role(self, aws: Aws, function: Any) -> object:
        configuration = function["Configuration"]
        return _RECREATED_ROLE if self._is_recreated(aws, configuration) else configuration.get("Role")

    def _is_recreated(self, aws: Aws, configuration: FunctionConfigurationTypeDef) -> bool:
        """Whether its role was created after the function last changed, so that the one that it got is gone.

        Lambda lets a role read the environment by a grant to that very role, and one that is created anew under the
        same name has none: every call fails, and nothing is logged (Lambda, "KMSAccessDeniedException").
        """
        if configuration.get("Role") != self.role_arn:
            return False
        with ignore_errors("NoSuchEntity"):
            created = aws.iam.get_role(RoleName=self.role_arn.rsplit("/", 1)[-1])["Role"]["CreateDate"]
            return created > datetime.fromisoformat(configuration["LastModified"])
        return True

    def _put_role(self, aws: Aws, role_arn: str) -> None:
        """Set its role, and so the grant to it; Lambda grants nothing to a role that the function has already."""
        retry_transient(lambda: aws.lambda_.update_function_configuration(FunctionName=self.name, Role=role_arn))
        self._wait_until_ready(aws)

    def _put_code(self, aws: Aws) -> None:
        """Set the code, and with it the architecture, which no other call of an existing function takes."""
        aws.lambda_.update_function_code(FunctionName=self.name, ZipFile=self.content, Architectures=[ARCHITECTURE])
        self._wait_until_ready(aws)

    def _put_concurrency(self, aws: Aws) -> None:
        if self.concurrency is None:
            aws.lambda_.delete_function_concurrency(FunctionName=self.name)
        else:
            aws.lambda_.put_function_concurrency(FunctionName=self.name, ReservedConcurrentExecutions=self.concurrency)

    def _current_permissions(self, aws: Aws, _: Any = None) -> dict[str, Any]:
        """The statements of its policy that are due's own, by their sids."""
        with self.not_found:
            policy = json.loads(aws.lambda_.get_policy(FunctionName=self.name)["Policy"])
            own = {permission.sid for permission in self.permissions}
            return {statement["Sid"]: statement for statement in policy["Statement"] if statement["Sid"] in own}
        return {}

    def _put_permissions(self, aws: Aws) -> None:
        current = self._current_permissions(aws)
        for permission in self.permissions:
            if current.get(permission.sid) == permission.statement(self.arn):
                continue
            with self.not_found:
                aws.lambda_.remove_permission(FunctionName=self.name, StatementId=permission.sid)
            account: Any = {"SourceAccount": permission.account} if permission.account else {}
            with ignore_errors("ResourceConflictException", words="already exists"):  # and only the answer was lost
                aws.lambda_.add_permission(
                    FunctionName=self.name,
                    StatementId=permission.sid,
                    Action="lambda:InvokeFunction",
                    Principal=f"{permission.service}.amazonaws.com",
                    SourceArn=permission.source_arn,
                    **account,
                )

    def _current_on_failure(self, aws: Aws, _: Any) -> tuple[str | None, int | None] | None:
        with self.not_found:
            configuration = aws.lambda_.get_function_event_invoke_config(FunctionName=self.name)
            destination = configuration.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            return destination, configuration.get("MaximumRetryAttempts", _RETRIES)
        return None

    def _put_on_failure(self, aws: Aws) -> None:
        if self.on_failure_arn:
            aws.lambda_.put_function_event_invoke_config(
                FunctionName=self.name,
                MaximumRetryAttempts=_RETRIES,
                DestinationConfig={"OnFailure": {"Destination": self.on_failure_arn}},
            )
            return
        with self.not_found:
            aws.lambda_.delete_function_event_invoke_config(FunctionName=self.name)

    def _read_tags(self, _: Aws, function: Any) -> Tags:
        tags: Tags = function.get("Tags", {})
        return tags

    def _write_tags(self, aws: Aws) -> None:
        aws.lambda_.tag_resource(Resource=self.arn, Tags=dict(self.tags))


def _environment(_: Aws, function: Any) -> object:
    return function["Configuration"].get("Environment", {}).get("Variables", {})
