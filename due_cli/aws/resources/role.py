"""An IAM role with one policy of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.tags import TAGS, Tags, managed_tags, tag_list, tags_from_list

_POLICY = "due"
_OTHERS, _ATTACHED = "OtherPolicies", "AttachedPolicies"  # which give a role of the stack more than it needs


@dataclass(frozen=True, slots=True)
class Role:
    """``trust`` says who may take it on, ``rights`` what it may do then; both are policy documents."""

    name: str
    trust: dict[str, object]
    rights: dict[str, object]
    tags: Tags
    kind: str = "role"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "AssumeRolePolicyDocument": self.trust,
            "PolicyDocument": self.rights,
            _OTHERS: [],
            _ATTACHED: [],
            TAGS: dict(self.tags),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is."""
        with translate_errors(f"looking for role {self.name}"), ignore_errors("NoSuchEntity"):
            role = aws.iam.get_role(RoleName=self.name)["Role"]
            tags = tags_from_list(role.get("Tags", []))
            return {
                "AssumeRolePolicyDocument": _document(role.get("AssumeRolePolicyDocument")),
                "PolicyDocument": self._rights(aws),
                _OTHERS: self._others(aws),
                _ATTACHED: self._attached(aws),
                TAGS: managed_tags(tags, self.tags),
            }
        return None

    def create(self, aws: Aws) -> None:
        """Makes it with its trust and tags."""
        with translate_errors(f"creating role {self.name}"), ignore_errors("EntityAlreadyExists"):
            aws.iam.create_role(
                RoleName=self.name, AssumeRolePolicyDocument=json.dumps(self.trust), Tags=tag_list(self.tags)
            )

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets its trust, its rights and its tags."""
        with translate_errors(f"setting the policies of role {self.name}"):
            if "AssumeRolePolicyDocument" in changed:
                aws.iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(self.trust))
            if "PolicyDocument" in changed:
                aws.iam.put_role_policy(RoleName=self.name, PolicyName=_POLICY, PolicyDocument=json.dumps(self.rights))
            for name in self._others(aws) if _OTHERS in changed else []:
                with ignore_errors("NoSuchEntity"):
                    aws.iam.delete_role_policy(RoleName=self.name, PolicyName=name)
            for arn in self._attached(aws) if _ATTACHED in changed else []:
                with ignore_errors("NoSuchEntity"):
                    aws.iam.detach_role_policy(RoleName=self.name, PolicyArn=arn)
        if TAGS in changed:
            with translate_errors(f"tagging role {self.name}"):
                aws.iam.tag_role(RoleName=self.name, Tags=tag_list(self.tags))

    def delete(self, aws: Aws) -> None:
        """Removes it; a policy that someone added to it stays in the way, and IAM says so."""
        with translate_errors(f"deleting role {self.name}"):
            with ignore_errors("NoSuchEntity"):
                aws.iam.delete_role_policy(RoleName=self.name, PolicyName=_POLICY)
            with ignore_errors("NoSuchEntity"):
                aws.iam.delete_role(RoleName=self.name)

    def _others(self, aws: Aws) -> list[str]:
        pages = aws.iam.get_paginator("list_role_policies").paginate(RoleName=self.name)
        return sorted(name for page in pages for name in page["PolicyNames"] if name != _POLICY)

    def _attached(self, aws: Aws) -> list[str]:
        pages = aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=self.name)
        return sorted(one["PolicyArn"] for page in pages for one in page["AttachedPolicies"])

    def _rights(self, aws: Aws) -> object:
        with ignore_errors("NoSuchEntity"):
            return _document(aws.iam.get_role_policy(RoleName=self.name, PolicyName=_POLICY)["PolicyDocument"])
        return None


def _document(found: Any) -> object:
    """A policy document; botocore has decoded it already where it could."""
    return json.loads(found) if isinstance(found, str) else found
