"""What a deployment says of itself."""

from __future__ import annotations

from due_cli.aws.client import Aws
from due_cli.aws.errors import ignore_errors, translate_errors
from due_cli.aws.resources.view import is_own_view
from due_cli.aws.tags import tags_from_list


def function_environment(aws: Aws, name: str) -> dict[str, str] | None:
    """The environment variables of a function; None where there is no such function."""
    with translate_errors(f"looking for function {name}"), ignore_errors("ResourceNotFoundException"):
        configuration = aws.lambda_.get_function_configuration(FunctionName=name)
        return dict(configuration.get("Environment", {}).get("Variables", {}))
    return None


def role_tags(aws: Aws, name: str) -> dict[str, str]:
    """The tags of a role; none where there is no such role."""
    with translate_errors(f"looking for role {name}"), ignore_errors("NoSuchEntity"):
        return tags_from_list(aws.iam.get_role(RoleName=name)["Role"].get("Tags", []))
    return {}


def tables_of(aws: Aws, database: str) -> list[str]:
    """The tables of a database, without the views that due made; none where there is no such database."""
    with translate_errors(f"listing the tables of {database}"), ignore_errors("EntityNotFoundException"):
        pages = aws.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return [table["Name"] for page in pages for table in page["TableList"] if not is_own_view(table)]
    return []
