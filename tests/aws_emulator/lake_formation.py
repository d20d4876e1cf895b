"""Lake Formation in charge of new tables: whoever did not create one needs a grant on it, whatever IAM says."""

from __future__ import annotations

import json
from typing import Any

from moto.lakeformation.models import lakeformation_backends

from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.server import REGION, Core
from tests.aws_emulator.wire import Answer, RefusedError, Request

_EVERYONE = "IAM_ALLOWED_PRINCIPALS"
REFUSAL = "Insufficient Lake Formation permission(s): Required Describe on {}"


class LakeFormation:
    """The settings and grants are moto's; here is what they do to calls of Glue by roles (people made the tables)."""

    def __init__(self, core: Core) -> None:
        core.preparing.append(self._check)
        core.watchers.append(self._describe)

    def take_charge(self) -> None:
        """Leaves no new table to IAM alone."""
        self._backend().settings[ACCOUNT]["CreateTableDefaultPermissions"] = []

    def grants(self, principal: str, database: str, table: str) -> bool:
        """Whether a principal may look at a table."""
        if not self._is_in_charge():
            return True
        held = self._backend().grants.get(ACCOUNT)
        found: list[Any] = [one.to_external_form() for one in held.permissions] if held else []
        names = {_EVERYONE, principal}
        return any(
            one["Resource"].get("Table", {}).get("Name") == table
            and one["Resource"]["Table"]["DatabaseName"] == database
            and one["Principal"]["DataLakePrincipalIdentifier"] in names
            for one in found
        )

    def _check(self, call: Call) -> None:
        table = call.parameters.get("TableName") or call.parameters.get("Name")
        if call.service != "glue" or call.by == "user" or not table:
            return
        if not self.grants(call.principal, call.parameters.get("DatabaseName", ""), table):
            raise RefusedError("AccessDeniedException", REFUSAL.format(table))

    def _describe(self, call: Call, _: Request, answer: Answer) -> None:
        if call.name == "glue:GetDatabase" and self._is_in_charge():
            document = answer.json
            document["Database"]["CreateTableDefaultPermissions"] = []
            answer.body = json.dumps(document).encode()
            answer.headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]

    def _is_in_charge(self) -> bool:
        return not self._backend().settings[ACCOUNT]["CreateTableDefaultPermissions"]

    def _backend(self) -> Any:
        return lakeformation_backends[ACCOUNT][REGION]
