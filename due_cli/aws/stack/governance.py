"""What decides about an account's Glue Data Catalog beside IAM: a KMS key, and Lake Formation. Asked before a plan.

Whoever may not ask is no error: the calls of the setup itself say then what they lack.
"""

from __future__ import annotations

import json
import shlex

from due_cli.aws.client import Aws
from due_cli.aws.errors import missing_permission
from due_cli.aws.services import glue
from due_cli.aws.stack.names import Names
from due_cli.core.errors import DueError
from due_cli.sql.files import TABLE


def catalog_key(aws: Aws, known: str | None) -> str | None:
    """The key that the catalog is encrypted with, None for none; ``known`` is what an earlier setup found."""
    try:
        return glue.catalog_key(aws)
    except DueError as error:
        if missing_permission(error):
            return known
        raise


def kept_by_lake_formation(aws: Aws, names: Names, database: str) -> list[str]:
    """The stack's roles that Lake Formation keeps from the table, or will once the table exists."""
    roles = [names.role_arn(role) for role in ("stream", "partition")]
    try:
        if glue.table_exists(aws, database, TABLE):
            return glue.roles_without_grants(aws, database, TABLE, roles)
        return roles if glue.new_tables_are_restricted(aws, database) else []
    except DueError as error:
        if missing_permission(error):
            return []
        raise


def grant_command(names: Names, database: str) -> str:
    """The command with which Lake Formation leaves the table to IAM."""
    table = json.dumps({"Table": {"DatabaseName": database, "Name": TABLE}})
    principal = f"DataLakePrincipalIdentifier={glue.IAM_ALLOWED}"
    words = f"grant-permissions --principal {principal} --permissions ALL --resource {shlex.quote(table)}"
    return f"aws lakeformation {words} --region {names.region}"


def findings(names: Names, database: str, key: str | None, kept: list[str]) -> list[str]:
    """What to say before a plan about a key of the catalog and about roles that Lake Formation keeps from the table."""
    notes = []
    if key:
        notes.append(
            f"the Glue Data Catalog is encrypted with {key}: the stack's roles get "
            f"{', '.join(glue.KEY_ACTIONS)} on it, which people need too: due setup --policy includes them"
        )
    if kept:
        roles = " and ".join(role.rpartition("/")[2] for role in kept)
        notes.append(
            f"Lake Formation decides about the table {TABLE} and grants {roles} nothing on it: setup stops at the "
            f"stream until, once the table exists, its administrator runs: {grant_command(names, database)}"
        )
    return notes
