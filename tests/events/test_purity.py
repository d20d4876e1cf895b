"""The normaliser runs in a Lambda function as in ``due ingest``: it needs nothing but the standard library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from due_cli.events import rows_of
from tests.events.samples import SAMPLES

REPOSITORY = Path(__file__).parents[2]
PROGRAM = """
import json, sys
sys.path.append(sys.argv[1])
before = set(sys.modules)
from due_cli.events import documents, loads, merge, rows_of, status_of, units
from due_cli.events.reading import read
types = []
for document in documents(sys.stdin.buffer.read(), loads):
    for unit in units(document, loads):
        for row in rows_of(unit.record, unit.envelope).rows:
            types.append(row["event_type"])
            status = status_of(row)
            status and merge(status, status).item()
print(json.dumps([types, sorted(set(sys.modules) - before)]))
"""


def test_a_bare_interpreter_reads_every_record_with_the_standard_library_alone() -> None:
    samples = [sample for sample in SAMPLES if sample.envelope == type(sample.envelope)()]
    block = "\n".join(json.dumps(sample.build()) for sample in samples)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, str(REPOSITORY)],
        input=block.encode(),
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    types, modules = json.loads(done.stdout)
    assert types == [event_type for sample in samples for event_type in sample.types]
    others = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    assert others == {"due_cli"}
    rooms = {f"due_cli.events.{path.stem}" for path in (REPOSITORY / "due_cli" / "events").glob("[a-z]*.py")}
    rooms.remove("due_cli.events.first_release")  # which is asked for only beside rows of that release
    assert {name for name in modules if name.startswith("due_cli.")} == {"due_cli.events", *rooms}


def test_normalising_keeps_no_state() -> None:
    """Two records of one process give what each gives alone."""
    alone = [rows_of(sample.build(), sample.envelope) for sample in SAMPLES]
    again = [rows_of(sample.build(), sample.envelope) for sample in reversed(SAMPLES)]
    assert alone == again[::-1]
