"""Merge the statuses of a batch into the status table, correctly under concurrent batches and retries.

Items are read in bulk, merged, and where that changes anything written in bulk under the condition that the item is
still what was read. Where the condition fails, the item is read, merged and written again. Merging is commutative,
associative and idempotent, so any order of batches and any retry end in the same items.

Bounds: Amazon DynamoDB API reference, BatchGetItem (100 keys) and BatchExecuteStatement (25 statements).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from due_cli.aws.pipeline.environment import Deadline
from due_cli.aws.pipeline.status_item import FACTS, KEY, Attributes, attributes, is_key
from due_cli.events.status import Status, merge, merge_by_message
from due_cli.events.status_codec import decode

_KEYS_A_READ = 100
_STATEMENTS_A_WRITE = 25
_ROUNDS = 12
# Codes that another attempt does not change; they end in Exception, Error or nothing, by the call that has them.
_FINAL = {"Validation", "AccessDenied", "ResourceNotFound", "ItemCollectionSizeLimitExceeded", "UnrecognizedClient"}
_T = TypeVar("_T")


class Outcome(NamedTuple):
    """The result of a merge: ``refused`` could not be written, ``codes`` are the error codes by count."""

    written: int
    unchanged: int
    rounds: int
    codes: Counter[str]
    refused: list[Status]


class _Change(NamedTuple):
    """A write: the message, its statement and the values that are bound to it."""

    message_id: str
    statement: str
    parameters: list[dict[str, str | bool]]


class StatusStore:
    """The table of statuses, for one batch.

    ``rounds`` bounds how often what is throttled is tried. Where most messages are new, ``expect_new`` saves reading
    them: each is inserted at first, and read only if there is an item of it.
    """

    def __init__(
        self,
        client: Any,
        table: str,
        days: int,
        deadline: Deadline,
        *,
        rounds: int = _ROUNDS,
        expect_new: bool = False,
    ) -> None:
        self._client = client
        self._table = table
        self._days = days
        self._deadline = deadline
        self._rounds, self._expects_new = rounds, expect_new
        self._codes: Counter[str] = Counter()

    def merge(self, statuses: Iterable[Status]) -> Outcome:
        """Merge statuses into the table, those of one message first. Raises nothing of DynamoDB's."""
        pending = merge_by_message(statuses)
        refused = {message: pending.pop(message) for message in list(pending) if not is_key(message)}
        written = unchanged = rounds = 0
        while pending:
            rounds += 1
            done, same, final = self._round(pending)
            written, unchanged = written + len(done), unchanged + len(same)
            refused.update((message, pending[message]) for message in final)
            pending = {message: pending[message] for message in pending.keys() - done - same - final}
            if pending and (rounds == self._rounds or not self._deadline.pause(rounds)):
                refused.update(pending)
                break
        return Outcome(written, unchanged, rounds, self._codes, list(refused.values()))

    def _round(self, pending: dict[str, Status]) -> tuple[set[str], set[str], set[str]]:
        """One read and one write: the messages written, unchanged and refused; the others are tried again."""
        known: dict[str, str | None]
        done: set[str] = set()
        same: set[str] = set()
        known, final = (dict.fromkeys(pending), set()) if self._expects_new else self._read(list(pending))
        self._expects_new = False
        changes = []
        for message, facts in known.items():
            try:
                change = self._change(pending[message], facts)
            except Exception as error:  # facts that cannot be read, or a bug: the other messages' statuses go on
                self._codes["Unreadable" if isinstance(error, ValueError) else type(error).__name__] += 1
                final.add(message)
                continue
            if change is None:
                same.add(message)
            else:
                changes.append(change)
        for message, code in self._write(changes):
            if code is None:
                done.add(message)
            elif _is_final(code):
                final.add(message)
        return done, same, final

    def _read(self, messages: list[str]) -> tuple[dict[str, str | None], set[str]]:
        """The facts of each message that could be read (None for a new one), and those never to be read."""
        known: dict[str, str | None] = {}
        final: set[str] = set()
        for part in _parts(messages, _KEYS_A_READ):
            if self._deadline.left() < 0:  # each of many calls may have hung until its time-out
                break
            request = {
                "Keys": [{KEY: {"S": message}} for message in part],
                "ConsistentRead": True,
                "ProjectionExpression": f"{KEY}, {FACTS}",
            }
            try:
                answer = self._client.batch_get_item(RequestItems={self._table: request})
            except (ClientError, BotoCoreError) as error:
                if _is_final(self._code(error)):
                    final.update(part)
                continue
            unprocessed = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", ())
            skipped = {key[KEY]["S"] for key in unprocessed}
            self._codes.update({"UnprocessedKeys": len(skipped)} if skipped else {})
            known.update(dict.fromkeys(message for message in part if message not in skipped))
            for item in answer["Responses"].get(self._table, ()):
                known[item[KEY]["S"]] = item.get(FACTS, {}).get("S", "")
        return known, final

    def _change(self, status: Status, facts: str | None) -> _Change | None:
        """The statement that updates the item; None where it needs none. Raises ValueError for unreadable facts."""
        message = status.message_id
        if facts is None:
            return self._insert(message, attributes(status, self._days))
        stored = decode(message, facts)
        item = attributes(merge(stored, status), self._days)
        if item[FACTS]["S"] == facts:
            return None
        before = attributes(stored, self._days)
        different = {name: value for name, value in item.items() if before.get(name) != value}
        return self._update(message, different, facts)

    def _insert(self, message: str, item: Attributes) -> _Change:
        return _Change(message, _insert_statement(self._table, tuple(item)), list(item.values()))

    def _update(self, message: str, different: Attributes, facts: str) -> _Change:
        fields = " ".join(f'SET "{name}"=?' for name in different)
        statement = f'UPDATE "{self._table}" {fields} WHERE "{KEY}"=? AND "{FACTS}"=?'
        return _Change(message, statement, [*different.values(), {"S": message}, {"S": facts}])

    def _write(self, changes: list[_Change]) -> Iterator[tuple[str, str | None]]:
        """Each message with the code of its failure, None for success."""
        for part in _parts(changes, _STATEMENTS_A_WRITE):
            if self._deadline.left() < 0:
                return
            yield from self._written(part)

    def _written(self, part: Sequence[_Change]) -> Iterator[tuple[str, str | None]]:
        statements = [{"Statement": change.statement, "Parameters": change.parameters} for change in part]
        try:
            answers = self._client.batch_execute_statement(Statements=statements)["Responses"]
        except (ClientError, BotoCoreError) as error:
            code = self._code(error)
            if _is_final(code) and len(part) > 1:  # one statement may be to blame, and its neighbours are not
                for change in part:
                    yield from self._written([change])
            else:
                yield from ((change.message_id, code) for change in part)
            return
        for change, answer in zip(part, answers, strict=True):
            failure = answer["Error"]["Code"] if "Error" in answer else None
            self._codes.update([failure] if failure else [])
            yield change.message_id, failure

    def _code(self, error: ClientError | BotoCoreError) -> str:
        code = str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
        self._codes[code] += 1
        return code


@lru_cache(64)
def _insert_statement(table: str, names: tuple[str, ...]) -> str:
    """The statement that inserts an item with these attributes; the items of one channel have the same."""
    fields = ",".join(f"'{name}':?" for name in names)
    return f'INSERT INTO "{table}" VALUE {{{fields}}}'


def _is_final(code: str) -> bool:
    return code.removesuffix("Exception").removesuffix("Error") in _FINAL


def _parts(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
