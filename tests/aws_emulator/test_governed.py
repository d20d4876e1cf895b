"""What a governed account refuses that IAM alone allows."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.governed import boundary_in, encrypt_catalog, guardrail, key_in

GLUE = account.policy({"Effect": "Allow", "Action": "glue:*", "Resource": "*"})
DATABASE = {"Name": "events"}


def test_an_encrypted_catalog_asks_every_caller_for_its_key(emulator: AwsEmulator) -> None:
    key = encrypt_catalog(emulator)
    for action in ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"):
        others = [f"kms:{one}" for one in ("Decrypt", "Encrypt", "GenerateDataKey") if f"kms:{one}" != action]
        lacking = {"Effect": "Allow", "Action": ["glue:*", *others], "Resource": "*"}
        user = emulator.iam.user("caller", account.policy(lacking))["AWS_ACCESS_KEY_ID"]
        with pytest.raises(ClientError, match=f"perform: {action} on resource: {key}"):
            emulator.client("glue", user).get_databases()


def test_lake_formation_keeps_roles_from_a_table_that_it_grants_them_nothing_on(emulator: AwsEmulator) -> None:
    emulator.client("glue").create_database(DatabaseInput=DATABASE)
    emulator.client("glue").create_table(DatabaseName="events", TableInput={"Name": "all"})
    role = emulator.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=account.trust("lambda"))
    emulator.client("iam").put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=GLUE)
    reader = emulator.as_role(role["Role"]["Arn"], "glue")
    assert reader.get_table(DatabaseName="events", Name="all")
    emulator.lake_formation.take_charge()
    with pytest.raises(ClientError, match="Insufficient Lake Formation permission"):
        reader.get_table(DatabaseName="events", Name="all")
    emulator.client("lakeformation").grant_permissions(
        Principal={"DataLakePrincipalIdentifier": role["Role"]["Arn"]},
        Permissions=["DESCRIBE"],
        Resource={"Table": {"DatabaseName": "events", "Name": "all"}},
    )
    assert reader.get_table(DatabaseName="events", Name="all")


def test_an_organisation_denies_the_root_too(emulator: AwsEmulator) -> None:
    boundary = boundary_in(emulator)
    emulator.iam.guardrails.append(guardrail(boundary, "team"))
    iam, s3 = emulator.client("iam"), emulator.client("s3")
    trust, tags = account.trust("lambda"), [{"Key": "team", "Value": "mail"}]
    with pytest.raises(ClientError, match="iam:CreateRole"):
        iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust, Tags=tags)
    with pytest.raises(ClientError, match="iam:CreateRole"):
        iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary, Tags=tags)
    with pytest.raises(ClientError, match="s3:CreateBucket"):
        s3.create_bucket(Bucket="untagged")
    s3.create_bucket(Bucket="tagged", CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == tags


def test_a_boundary_bounds_what_a_role_may_do(emulator: AwsEmulator) -> None:
    bounded = {"PermissionsBoundary": boundary_in(emulator)}
    trust = account.trust("lambda")
    everything = account.policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    role = emulator.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=trust, **bounded)
    emulator.client("iam").put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=everything)
    assert emulator.as_role(role["Role"]["Arn"], "glue").get_databases()
    with pytest.raises(ClientError, match="iam:ListRoles"):
        emulator.as_role(role["Role"]["Arn"], "iam").list_roles()


def test_a_log_group_takes_only_a_key_that_lets_the_logs_use_it(emulator: AwsEmulator) -> None:
    logs = emulator.client("logs")
    closed, opened = key_in(emulator, "cloudwatch"), key_in(emulator, "logs.us-east-1")
    with pytest.raises(ClientError, match="not allowed to be used"):
        logs.create_log_group(logGroupName="group", kmsKeyId=closed)
    logs.create_log_group(logGroupName="group", kmsKeyId=opened)
    with pytest.raises(ClientError, match="not allowed to be used"):
        logs.associate_kms_key(logGroupName="group", kmsKeyId=closed)
