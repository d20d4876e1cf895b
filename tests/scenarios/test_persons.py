"""The analyst and the on-call person: with the printed policy alone, all that is theirs works, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from due_cli.events import rows_of, status_of
from due_cli.events.status_codec import encode_record
from tests.aws.doctor_env import registered
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.fixture import started
from tests.aws_emulator.governed import key_in
from tests.aws_emulator.policies import rights_in
from tests.events.records import ses_send
from tests.sampling import sampled
from tests.scenarios.commands import Commands, Ended, preloaded
from tests.scenarios.details import details
from tests.scenarios.surplus import surplus

STREAM, BUCKET = "due-events", "due-events-123456789012-us-east-1"
CUT = b'{"eventType": "Send", cut'
QUERY = "SELECT count(*) AS sends FROM email_send"
# What each person runs, and the commands of others, that are refused.
ASKING = (("report", "bounce-rate"), ("query", QUERY), ("view", "list"), ("view", "show", "email_send"))
LOOKING = (("status", "one", "unknown"), ("doctor",), ("failed", "list"), ("failed", "show", "FAILED"), ("outputs",))
CHANGING = (
    ("setup", "--yes", "--buffer-seconds", "77"),
    ("attach-config-set", "receipts"),
    ("detach-config-set", "marketing"),
    ("attach-project", "PROJECT"),
    ("detach-topic", "TOPIC"),
    ("ingest", "records.json"),
    ("view", "create", "visits", "--event-type", "_custom.visit", "--attribute", "page"),
    ("view", "drop", "mine"),
    ("failed", "replay"),
    ("failed", "discard", "--all", "--yes"),
    ("teardown", "--yes", "--delete-data"),
)
RUNS = {"analyst": ASKING, "on-call": LOOKING}


@dataclass(frozen=True)
class Account:
    """A stack with a little of everything, and the people who run due on it."""

    emulator: AwsEmulator
    commands: Commands
    policies: dict[str, str]  # as printed for each person
    words: dict[str, str]  # what stands for a word that is known only here

    def due(self, *words: str, person: str | None = None) -> Ended:
        """A command of a person's; without one, of the account's root."""
        keys = self.emulator.iam.user(person, self.policies[person]) if person else {}
        return self.commands.due(*(self.words.get(word, word) for word in words), killed_by=None, **keys)

    def interrupted(self, *words: str, person: str) -> int:
        """Ctrl-C at the first look at a query; the exit code."""
        keys = self.emulator.iam.user(person, self.policies[person])
        seen: list[Call] = []

        def is_first_look(call: Call) -> bool:
            looks = call.operation == "GetQueryExecution" and not seen
            seen.extend([call] if looks else [])
            return looks

        return self.commands.interrupted(words, is_first_look, later=0, **keys).code


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with started() as emulator:
        commands = Commands(emulator, tmp_path_factory.mktemp("home"), preloaded())
        key = key_in(emulator)
        asked = {"Name": "shop"}
        shop = emulator.client("pinpoint").create_app(CreateApplicationRequest=asked)["ApplicationResponse"]["Id"]
        printed = {person: commands.due("setup", "--policy", person, "--kms-key", key).out for person in RUNS}
        topic = emulator.client("sns").create_topic(Name="inbound")["TopicArn"]
        made = Account(emulator, commands, printed, {"PROJECT": shop, "TOPIC": topic})
        for name in ("marketing", "receipts"):
            emulator.client("sesv2").create_configuration_set(ConfigurationSetName=name)
        emulator.client("sesv2").create_email_identity(EmailIdentity="example.com")
        (commands.home / "records.json").write_text(json.dumps(ses_send(mail={"messageId": "two"})))
        view = ("--event-type", "_custom.visit", "--attribute", "page")
        for words in (
            ("setup", "--yes", "--kms-key", key, "--alarm-email", "oncall@example.com"),
            ("attach-config-set", "marketing"),
            ("attach-topic", "TOPIC"),
            ("view", "create", "mine", *view),
        ):
            ended = made.due(*words)
            assert ended.code == 0, ended
        emulator.firehose.put(STREAM, CUT)
        emulator.flush()
        lost = "aws/lambda/async/due-partition/2026/11/22/2026-11-22T03.10.00-2f9e"
        emulator.client("s3").put_object(Bucket=BUCKET, Key=lost, Body=json.dumps({"requestPayload": {"Records": []}}))
        [late] = filter(None, map(status_of, rows_of(ses_send(mail={"messageId": "late"})).rows))
        key = "errors/status/2026/11/22/03/1.jsonl"
        emulator.client("s3").put_object(Bucket=BUCKET, Key=key, Body=encode_record(late))
        made.words["FAILED"] = json.loads(made.due("failed", "list", "-o", "json").out)[0]["id"]
        yield made


@pytest.mark.parametrize("person", sampled(RUNS, 1))
def test_everything_of_a_person_works_with_the_printed_policy(account: Account, person: str) -> None:
    """And no right of it is one without which all would have worked too."""
    emulator = account.emulator
    emulator.firehose.put(STREAM, ses_send(mail={"messageId": "one"}))
    emulator.flush()  # an object that nobody has read yet
    emulator.iam.denied.clear()
    before = settings(emulator)
    emulator.watchers.append(registered)  # so that Lake Formation is asked
    results = {words: account.due(*words, person=person) for words in RUNS[person]}
    emulator.watchers.remove(registered)
    emulator.athena.slow = 60.0
    assert account.interrupted("query", QUERY, person=person) == 130
    emulator.athena.slow = 0.0
    assert list(map(str, emulator.iam.denied)) == []
    assert {words: ended for words, ended in results.items() if ended.code not in (0, 4, 7)} == {}
    assert settings(emulator) == before
    assert surplus(emulator, person, rights_in([account.policies[person]])) == set()


@pytest.mark.parametrize("person", sampled(RUNS, 1))
def test_everything_else_is_refused(account: Account, person: str) -> None:
    """Whatever another person's command begins with, it changes nothing, and says which right it lacks."""
    before = settings(account.emulator)
    others = CHANGING if person == "on-call" else (*CHANGING, *LOOKING)  # who looks may ask too
    for words in others:
        account.emulator.iam.denied.clear()
        ended = account.due(*words, person=person)
        assert account.emulator.iam.denied, words
        assert "denied" in (ended.out + ended.err).lower(), ended
    assert settings(account.emulator) == before


def settings(emulator: AwsEmulator) -> dict[str, list[str]]:
    """Everything in the account but logs, to which the status API writes."""
    return {name: detail for name, detail in details(emulator).items() if not name.startswith("log group")}
