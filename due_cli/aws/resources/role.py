"""An IAM role with one policy of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.tags import Tags, tag_list, tags_from_list

_POLICY = "due"


@dataclass(frozen=True, kw_only=True)
class Role(TaggedResource):
    """``trust`` says who may assume it, ``rights`` what it allows then; both are policy documents.

    Any other policy would give it more rights than it needs, so none is desired. ``boundary`` is the ARN of the policy
    that bounds its rights, empty for none, None to leave the one that it has. It is written before the rights: who sets
    the stack up may be allowed to give rights only to a role with a boundary.
    """

    kind = "role"
    not_found = ignore_errors("NoSuchEntity")
    already_exists = ignore_errors("EntityAlreadyExists")
    name: str
    trust: Mapping[str, object]
    rights: Mapping[str, object]
    boundary: str | None

    def _settings(self) -> list[Setting]:
        return [
            Setting("AssumeRolePolicyDocument", self.trust, read=_trust, write=self._put_trust),
            *self._boundary_setting(),
            Setting("PolicyDocument", self.rights, read=self._own_policy, write=self._put_policy),
            Setting("OtherPolicies", [], read=self._other_policies, write=self._delete_other_policies),
            Setting("AttachedPolicies", [], read=self._attached_policies, write=self._detach_policies),
            self._tag_setting(),
        ]

    def _describe(self, aws: Aws) -> Any:
        return aws.iam.get_role(RoleName=self.name)["Role"]

    def _create(self, aws: Aws) -> None:
        trust = json.dumps(self.trust)
        boundary: Any = {"PermissionsBoundary": self.boundary} if self.boundary else {}
        aws.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust, Tags=tag_list(self.tags), **boundary)

    def _delete(self, aws: Aws) -> None:
        """A policy that someone added to the role keeps IAM from deleting it, and IAM says so."""
        with self.not_found:
            aws.iam.delete_role_policy(RoleName=self.name, PolicyName=_POLICY)
        aws.iam.delete_role(RoleName=self.name)

    def _put_trust(self, aws: Aws) -> None:
        aws.iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(self.trust))

    def _boundary_setting(self) -> list[Setting]:
        if self.boundary is None:
            return []
        return [Setting("PermissionsBoundary", self.boundary or None, read=_boundary, write=self._put_boundary)]

    def _put_boundary(self, aws: Aws) -> None:
        if self.boundary:
            aws.iam.put_role_permissions_boundary(RoleName=self.name, PermissionsBoundary=self.boundary)
            return
        with self.not_found:
            aws.iam.delete_role_permissions_boundary(RoleName=self.name)

    def _own_policy(self, aws: Aws, _: Any) -> object:
        with self.not_found:
            return _document(aws.iam.get_role_policy(RoleName=self.name, PolicyName=_POLICY)["PolicyDocument"])
        return None

    def _put_policy(self, aws: Aws) -> None:
        aws.iam.put_role_policy(RoleName=self.name, PolicyName=_POLICY, PolicyDocument=json.dumps(self.rights))

    def _other_policies(self, aws: Aws, _: Any = None) -> list[str]:
        pages = aws.iam.get_paginator("list_role_policies").paginate(RoleName=self.name)
        return sorted(name for page in pages for name in page["PolicyNames"] if name != _POLICY)

    def _delete_other_policies(self, aws: Aws) -> None:
        for name in self._other_policies(aws):
            with self.not_found:
                aws.iam.delete_role_policy(RoleName=self.name, PolicyName=name)

    def _attached_policies(self, aws: Aws, _: Any = None) -> list[str]:
        pages = aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=self.name)
        return sorted(policy.get("PolicyArn", "") for page in pages for policy in page.get("AttachedPolicies", []))

    def _detach_policies(self, aws: Aws) -> None:
        for arn in self._attached_policies(aws):
            with self.not_found:
                aws.iam.detach_role_policy(RoleName=self.name, PolicyArn=arn)

    def _read_tags(self, _: Aws, description: Any) -> Tags:
        return tags_from_list(description.get("Tags", []))

    def _write_tags(self, aws: Aws) -> None:
        aws.iam.tag_role(RoleName=self.name, Tags=tag_list(self.tags))


def _trust(_: Aws, role: Any) -> object:
    return _document(role.get("AssumeRolePolicyDocument"))


def _boundary(_: Aws, role: Any) -> object:
    return role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")


def _document(policy: Any) -> object:
    """A policy document, which botocore has decoded already where it could."""
    return json.loads(policy) if isinstance(policy, str) else policy
