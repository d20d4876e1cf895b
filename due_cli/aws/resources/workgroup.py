"""The Athena workgroup: its own encrypted place for results, and a limit on what one query may scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.resource import Settings
from due_cli.aws.tags import TAGS, Tags, managed_tags, tags_from_list

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import EncryptionConfigurationTypeDef, TagTypeDef

LEAST_CUTOFF = 10_000_000  # bytes; Athena's own limit


@dataclass(frozen=True, slots=True)
class Workgroup:
    """``results`` is an S3 URI; a query that scans more than ``cutoff_bytes`` is cancelled by Athena, and billed."""

    name: str
    arn: str
    results: str
    cutoff_bytes: int
    kms_key: str | None
    tags: Tags
    kind: str = "workgroup"

    def desired(self) -> Settings:
        """How it should be."""
        return {
            "OutputLocation": self.results,
            "EncryptionConfiguration": self._encryption(),
            "EnforceWorkGroupConfiguration": True,
            "PublishCloudWatchMetricsEnabled": True,
            "BytesScannedCutoffPerQuery": self.cutoff_bytes,
            "State": "ENABLED",
            TAGS: dict(self.tags),
        }

    def current(self, aws: Aws) -> Settings | None:
        """How it is; Athena says of one that is not there that the request is not valid."""
        with translate_errors(f"looking for workgroup {self.name}"):
            try:
                group = aws.athena.get_work_group(WorkGroup=self.name).get("WorkGroup")
            except aws.athena.exceptions.InvalidRequestException as error:
                if "not found" not in str(error):
                    raise
                group = None
            if not group:
                return None
            tags = tags_from_list(aws.athena.list_tags_for_resource(ResourceARN=self.arn)["Tags"])
        configuration = group.get("Configuration", {})
        result = configuration.get("ResultConfiguration", {})
        return {
            "OutputLocation": result.get("OutputLocation"),
            "EncryptionConfiguration": dict(result.get("EncryptionConfiguration", {})),
            "EnforceWorkGroupConfiguration": configuration.get("EnforceWorkGroupConfiguration"),
            "PublishCloudWatchMetricsEnabled": configuration.get("PublishCloudWatchMetricsEnabled"),
            "BytesScannedCutoffPerQuery": configuration.get("BytesScannedCutoffPerQuery"),
            "State": group.get("State"),
            TAGS: managed_tags(tags, self.tags),
        }

    def create(self, aws: Aws) -> None:
        """Makes it as it should be."""
        there = ignore_errors("InvalidRequestException", words="already created")
        with translate_errors(f"creating workgroup {self.name}"), there:
            aws.athena.create_work_group(
                Name=self.name,
                Configuration={
                    "ResultConfiguration": {
                        "OutputLocation": self.results,
                        "EncryptionConfiguration": self._encryption(),
                    },
                    "EnforceWorkGroupConfiguration": True,
                    "PublishCloudWatchMetricsEnabled": True,
                    "BytesScannedCutoffPerQuery": self.cutoff_bytes,
                },
                Tags=self._tags(),
            )

    def update(self, aws: Aws, changed: frozenset[str]) -> None:
        """Sets it, and its tags by a call of their own."""
        if TAGS in changed:
            with translate_errors(f"tagging workgroup {self.name}"):
                aws.athena.tag_resource(ResourceARN=self.arn, Tags=self._tags())
        if not changed - {TAGS}:
            return
        with translate_errors(f"updating workgroup {self.name}"):
            aws.athena.update_work_group(
                WorkGroup=self.name,
                State="ENABLED",
                ConfigurationUpdates={
                    "ResultConfigurationUpdates": {
                        "OutputLocation": self.results,
                        "EncryptionConfiguration": self._encryption(),
                    },
                    "EnforceWorkGroupConfiguration": True,
                    "PublishCloudWatchMetricsEnabled": True,
                    "BytesScannedCutoffPerQuery": self.cutoff_bytes,
                },
            )

    def delete(self, aws: Aws) -> None:
        """Removes it with the history of its queries."""
        gone = ignore_errors("InvalidRequestException", words="not found")
        with translate_errors(f"deleting workgroup {self.name}"), gone:
            aws.athena.delete_work_group(WorkGroup=self.name, RecursiveDeleteOption=True)

    def _encryption(self) -> EncryptionConfigurationTypeDef:
        if self.kms_key:
            return {"EncryptionOption": "SSE_KMS", "KmsKey": self.kms_key}
        return {"EncryptionOption": "SSE_S3"}

    def _tags(self) -> list[TagTypeDef]:
        return [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]
