"""An account whose catalog is encrypted, or under Lake Formation: found before the plan, and named for what it is."""

from __future__ import annotations

import shlex

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.stack import governance, setup
from due_cli.aws.stack.names import Names
from due_cli.core.errors import RefusedError
from due_cli.core.progress import Silent
from due_cli.sql.files import TABLE
from tests.aws.doctor_env import NO_PINPOINT, deliver
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.governed import encrypt_catalog


def test_the_key_of_an_encrypted_catalog_is_found_in_each_of_its_forms(emulator: AwsEmulator, aws: Aws) -> None:
    key = encrypt_catalog(emulator)
    assert governance.catalog_key(aws, None) == key
    put = emulator.client("glue").put_data_catalog_encryption_settings
    emulator.client("kms").create_alias(AliasName="alias/catalog", TargetKeyId=key)
    forms = {
        ("SSE-KMS", key.rpartition("/")[2]): key,
        ("SSE-KMS", "alias/catalog"): key,
        ("SSE-KMS", "alias/aws/glue"): None,  # which all may use
        ("SSE-KMS-WITH-SERVICE-ROLE", key): None,  # a role of the service uses it
        ("DISABLED", key): None,
    }
    for (mode, form), found in forms.items():
        at_rest = {"CatalogEncryptionMode": mode, "SseAwsKmsKeyId": form}
        put(DataCatalogEncryptionSettings={"EncryptionAtRest": at_rest})
        assert governance.catalog_key(aws, None) == found, (mode, form)


def test_who_may_not_look_is_told_nothing_and_keeps_what_was_found(
    emulator: AwsEmulator, aws: Aws, names: Names
) -> None:
    encrypt_catalog(emulator)
    emulator.lake_formation.take_charge()
    emulator.faults.deny("glue:GetDataCatalogEncryptionSettings")
    emulator.faults.deny("lakeformation:GetDataLakeSettings")
    assert governance.catalog_key(aws, "known") == "known"
    assert governance.kept_by_lake_formation(aws, names, "due_eventdb") == []


def test_lake_formation_is_found_and_its_refusal_is_not_that_of_a_young_role(
    emulator: AwsEmulator, aws: Aws, names: Names
) -> None:
    """Setup stops at the stream at once, with the command that grants what is missing; then it goes on."""
    emulator.lake_formation.take_charge()
    plan = setup.plan_setup(aws, "due", NO_PINPOINT)
    [finding] = plan.findings
    assert "due-stream-us-east-1 and due-partition-us-east-1" in finding
    with pytest.raises(RefusedError, match="Insufficient Lake Formation permission") as refused:
        setup.execute_setup(plan, Silent())
    assert sum(call.operation == "CreateDeliveryStream" for call in emulator.journal.everything) == 1
    command = (refused.value.hint or "").partition(", then")[0]
    assert command and command in finding
    words = shlex.split(command)
    given = {key: words[words.index(f"--{key}") + 1] for key in ("principal", "permissions", "resource")}
    emulator.client("lakeformation").grant_permissions(
        Principal={"DataLakePrincipalIdentifier": given["principal"].partition("=")[2]},
        Permissions=[given["permissions"]],
        Resource={"Table": {"DatabaseName": "due_eventdb", "Name": TABLE}},
    )
    again = setup.plan_setup(aws, "due", NO_PINPOINT)
    assert again.findings == ()
    setup.execute_setup(again, Silent())
    deliver(emulator, again.stack)
    partitions = emulator.client("glue").get_partitions(DatabaseName="due_eventdb", TableName=TABLE)["Partitions"]
    assert len(partitions) == 1
