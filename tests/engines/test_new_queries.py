"""A report or a view that is added is found by the tests, and fails until it is compared with something."""

from __future__ import annotations

from pathlib import Path

from tests.mutants import judge

_VIEW = "CREATE OR REPLACE VIEW email_added AS SELECT event_type FROM all_events\n"


def test_query_without_a_comparison_fails(tmp_path: Path) -> None:
    tree = judge.copy_tree(tmp_path)
    (tree / "queries" / "reports" / "added.sql").write_text("-- title: Added\nSELECT COUNT(*) AS n FROM all_events\n")
    (tree / "queries" / "views" / "email_added.sql").write_text(_VIEW)
    code, said = judge.run_tests(
        tree,
        "tests/engines/test_reports.py tests/engines/test_views.py",
        "has_a_comparison or has_a_plain_answer",
        to_the_end=True,
    )
    assert code == 1
    assert judge.failures_in(said) == [
        "tests/engines/test_reports.py::test_every_report_has_a_comparison[added]",
        "tests/engines/test_views.py::test_every_view_has_a_plain_answer[email_added]",
    ]
