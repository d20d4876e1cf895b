"""A Lambda function: its code, its settings, who may call it, and where events go that it failed on for good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from due_cli.aws.client import Aws
from due_cli.aws.errors import POLICY_HINT, ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.retry import retry_transient, wait_until
from due_cli.aws.tags import TAGS, Tags, managed_tags
from due_cli.core.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import EnvironmentTypeDef, FunctionConfigurationTypeDef

RUNTIME: Final = "python3.13"
_ANOTHER = "one of the same name, which is gone"
_RETRIES = 2  # of what calls it without waiting for the answer
_CONFIGURATION = ("Role", "Handler", "Runtime", "MemorySize", "Timeout", "Environment")


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may call a function: a service, on behalf of one source; of ``account``, where the ARN does not say it."""

    sid: str
    service: str
    source_arn: str
    account: str | None = None

    def statement(self, function_arn: str) -> dict[str, object]:
        """The statement of the function's policy that Lambda makes of it."""
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


@dataclass(frozen=True, slots=True)
class Function:
    """``content`` is the zip, ``sha256`` its hash (base64), ``concurrency`` None for no reservation.

    ``stand_in_arn`` is another role that Lambda may take on, for the moment in which the function gets its own anew.
    """

    name: str
    arn: str
    role_arn: str
    stand_in_arn: str
    handler: str
    content: bytes = field(repr=False)
    sha256: str
    environment: Mapping[str, str]
    memory_mb: int
    timeout_seconds: int
    tags: Tags
    concurrency: int | None = None
    permissions: tuple[Permission, ...] = ()
    on_failure_arn: str | None = None
    kind: str = "function"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "Role": self.role_arn,
            "Handler": self.handler,
            "Runtime": RUNTIME,
            "MemorySize": self.memory_mb,
            "Timeout": self.timeout_seconds,
            "Environment": dict(self.environment),
            "CodeSha256": self.sha256,
            "ReservedConcurrentExecutions": self.concurrency,
            "Permissions": {one.sid: one.statement(self.arn) for one in self.permissions},
            "OnFailure": (self.on_failure_arn, _RETRIES) if self.on_failure_arn else None,
            TAGS: dict(self.tags),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for function {self.name}"), ignore_errors("ResourceNotFoundException"):
            function = aws.lambda_.get_function(FunctionName=self.name)
            configuration, tags = function["Configuration"], _tags_in(function)
            return {
                "Role": _ANOTHER if self._is_younger(aws, configuration) else configuration.get("Role"),
                **{key: configuration.get(key) for key in ("Handler", "Runtime", "MemorySize", "Timeout")},
                "Environment": dict(configuration.get("Environment", {}).get("Variables", {})),
                "CodeSha256": configuration.get("CodeSha256"),
                "ReservedConcurrentExecutions": function.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
                "Permissions": self._permissions(aws),
                "OnFailure": self._on_failure(aws),
                TAGS: managed_tags(tags, self.tags),
            }
        return None

    def create(self, aws: Aws) -> None:
        """Makes it and waits until it can be called; its role may be too young to be assumed for some seconds."""
        environment = self._environment()
        with translate_errors(f"creating function {self.name}"):
            with ignore_errors("ResourceConflictException", words="already exist"):
                retry_transient(
                    lambda: aws.lambda_.create_function(
                        FunctionName=self.name,
                        Runtime=RUNTIME,
                        Role=self.role_arn,
                        Handler=self.handler,
                        Code={"ZipFile": self.content},
                        MemorySize=self.memory_mb,
                        Timeout=self.timeout_seconds,
                        Environment=environment,
                        Tags=dict(self.tags),
                    )
                )
            self._wait(aws)

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets what differs; Lambda takes one change of a function at a time."""
        with translate_errors(f"updating function {self.name}"):
            self._wait(aws)
            if "Role" in changed:
                self._put_role(aws, self.stand_in_arn)
            if changed & {*_CONFIGURATION}:
                self._put_configuration(aws)
            if "CodeSha256" in changed:
                retry_transient(lambda: aws.lambda_.update_function_code(FunctionName=self.name, ZipFile=self.content))
                self._wait(aws)
            if "ReservedConcurrentExecutions" in changed:
                self._put_concurrency(aws)
            if "Permissions" in changed:
                self._put_permissions(aws)
            if "OnFailure" in changed:
                self._put_on_failure(aws)
            if TAGS in changed:
                retry_transient(lambda: aws.lambda_.tag_resource(Resource=self.arn, Tags=dict(self.tags)))

    def delete(self, aws: Aws) -> None:
        """Removes it with its policy."""
        with translate_errors(f"deleting function {self.name}"), ignore_errors("ResourceNotFoundException"):
            retry_transient(lambda: aws.lambda_.delete_function(FunctionName=self.name))

    def _is_younger(self, aws: Aws, configuration: FunctionConfigurationTypeDef) -> bool:
        """Whether its role was made after the function last changed, so that the one that it got is gone.

        Lambda lets a role read the environment by a grant to that very role, and one that is made anew under the same
        name has none: every call fails, and nothing is logged (Lambda, "KMSAccessDeniedException").
        """
        if configuration.get("Role") != self.role_arn:
            return False
        with ignore_errors("NoSuchEntity"):
            made = aws.iam.get_role(RoleName=self.role_arn.rsplit("/", 1)[-1])["Role"]["CreateDate"]
            return made > datetime.fromisoformat(configuration["LastModified"])
        return True

    def _put_role(self, aws: Aws, role_arn: str) -> None:
        """Gives it a role, and so the grant that goes with it; there is none for a role that it has already."""
        retry_transient(lambda: aws.lambda_.update_function_configuration(FunctionName=self.name, Role=role_arn))
        self._wait(aws)

    def _environment(self) -> EnvironmentTypeDef:
        return {"Variables": dict(self.environment)}

    def _wait(self, aws: Aws) -> None:
        def is_ready() -> bool:
            found = aws.lambda_.get_function_configuration(FunctionName=self.name)
            return found.get("State", "Active") == "Active" and found.get("LastUpdateStatus") != "InProgress"

        wait_until(is_ready, f"function {self.name}")

    def _put_configuration(self, aws: Aws) -> None:
        environment = self._environment()
        retry_transient(
            lambda: aws.lambda_.update_function_configuration(
                FunctionName=self.name,
                Runtime=RUNTIME,
                Role=self.role_arn,
                Handler=self.handler,
                MemorySize=self.memory_mb,
                Timeout=self.timeout_seconds,
                Environment=environment,
            )
        )
        self._wait(aws)

    def _put_concurrency(self, aws: Aws) -> None:
        wanted = self.concurrency
        if wanted is None:
            retry_transient(lambda: aws.lambda_.delete_function_concurrency(FunctionName=self.name))
        else:
            retry_transient(
                lambda: aws.lambda_.put_function_concurrency(
                    FunctionName=self.name, ReservedConcurrentExecutions=wanted
                )
            )

    def _permissions(self, aws: Aws) -> dict[str, Any]:
        """The statements of its policy that are due's own, by their sids."""
        with ignore_errors("ResourceNotFoundException"):
            policy = json.loads(aws.lambda_.get_policy(FunctionName=self.name)["Policy"])
            own = {one.sid for one in self.permissions}
            return {one["Sid"]: one for one in policy["Statement"] if one["Sid"] in own}
        return {}

    def _put_permissions(self, aws: Aws) -> None:
        there = self._permissions(aws)
        for one in self.permissions:
            if there.get(one.sid) == one.statement(self.arn):
                continue
            with ignore_errors("ResourceNotFoundException"):
                aws.lambda_.remove_permission(FunctionName=self.name, StatementId=one.sid)
            with ignore_errors("ResourceConflictException", words="already exists"):  # and only the answer was lost
                retry_transient(lambda one=one: self._add_permission(aws, one))  # type: ignore[misc]

    def _add_permission(self, aws: Aws, permission: Permission) -> None:
        account: Any = {"SourceAccount": permission.account} if permission.account else {}
        aws.lambda_.add_permission(
            FunctionName=self.name,
            StatementId=permission.sid,
            Action="lambda:InvokeFunction",
            Principal=f"{permission.service}.amazonaws.com",
            SourceArn=permission.source_arn,
            **account,
        )

    def _on_failure(self, aws: Aws) -> tuple[str | None, int | None] | None:
        with ignore_errors("ResourceNotFoundException"):
            found = aws.lambda_.get_function_event_invoke_config(FunctionName=self.name)
            destination = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            return destination, found.get("MaximumRetryAttempts")
        return None

    def _put_on_failure(self, aws: Aws) -> None:
        destination = self.on_failure_arn
        if destination is None:
            with ignore_errors("ResourceNotFoundException"):
                aws.lambda_.delete_function_event_invoke_config(FunctionName=self.name)
            return
        retry_transient(
            lambda: aws.lambda_.put_function_event_invoke_config(
                FunctionName=self.name,
                MaximumRetryAttempts=_RETRIES,
                DestinationConfig={"OnFailure": {"Destination": destination}},
            )
        )


def _tags_in(function: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a function; raises where they may not be seen: Lambda refuses nothing then, and leaves them out."""
    if error := function.get("TagsError"):
        name = function["Configuration"]["FunctionName"]
        raise RefusedError(f"reading the tags of function {name}: access denied: {error['Message']}", POLICY_HINT)
    return {**function.get("Tags", {})}
