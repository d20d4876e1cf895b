"""The Athena workgroup: its own encrypted location for results, and a limit on what one query may scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors
from due_cli.aws.resources.resource import Setting, TaggedResource
from due_cli.aws.tags import Tags, tag_list, tags_from_list

_RESULTS = "Configuration.ResultConfiguration"


@dataclass(frozen=True, kw_only=True)
class Workgroup(TaggedResource):
    """``results`` is an S3 URI; Athena cancels, and bills, a query that scans more than ``cutoff_bytes``."""

    kind = "workgroup"
    not_found = ignore_errors("InvalidRequestException", words="not found")
    already_exists = ignore_errors("InvalidRequestException", words="already created")
    name: str
    arn: str
    results: str
    cutoff_bytes: int
    kms_key: str | None

    def _settings(self) -> list[Setting]:
        return [
            Setting(f"{_RESULTS}.OutputLocation", self.results, write=self._put),
            Setting(f"{_RESULTS}.EncryptionConfiguration", self._encryption(), write=self._put),
            Setting("Configuration.EnforceWorkGroupConfiguration", True, default=True, write=self._put),
            Setting("Configuration.PublishCloudWatchMetricsEnabled", True, write=self._put),
            Setting("Configuration.BytesScannedCutoffPerQuery", self.cutoff_bytes, write=self._put),
            Setting("State", "ENABLED", default="ENABLED", write=self._put),
            self._tag_setting(),
        ]

    def _encryption(self) -> dict[str, str]:
        if self.kms_key:
            return {"EncryptionOption": "SSE_KMS", "KmsKey": self.kms_key}
        return {"EncryptionOption": "SSE_S3"}

    def _describe(self, aws: Aws) -> Any:
        return aws.athena.get_work_group(WorkGroup=self.name).get("WorkGroup")

    def _create(self, aws: Aws) -> None:
        configuration = self._structure()["Configuration"]
        aws.athena.create_work_group(Name=self.name, Configuration=configuration, Tags=tag_list(self.tags))

    def _put(self, aws: Aws) -> None:
        updates = self._structure()["Configuration"]
        updates["ResultConfigurationUpdates"] = updates.pop("ResultConfiguration")
        aws.athena.update_work_group(WorkGroup=self.name, State="ENABLED", ConfigurationUpdates=updates)

    def _delete(self, aws: Aws) -> None:
        aws.athena.delete_work_group(WorkGroup=self.name, RecursiveDeleteOption=True)

    def _read_tags(self, aws: Aws, _: Any) -> Tags:
        pages = aws.athena.get_paginator("list_tags_for_resource").paginate(ResourceARN=self.arn)
        return tags_from_list(tag for page in pages for tag in page.get("Tags", []))

    def _write_tags(self, aws: Aws) -> None:
        aws.athena.tag_resource(ResourceARN=self.arn, Tags=tag_list(self.tags))
