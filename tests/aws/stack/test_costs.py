"""What a stack costs: the table of docs/costs.md, its arithmetic against sums done by hand, the source of prices."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from benchmarks import cost
from benchmarks.usage import MESSAGES_PER_DAY, Usage, measure_usage
from due_cli.aws import prices
from due_cli.aws.stack import setup

_ROOT = Path(__file__).parents[3]
_COSTS = (_ROOT / "docs" / "costs.md").read_text("utf-8")
_PRICES = (_ROOT / "due_cli/aws/prices.toml").read_text("utf-8")

# Sixty million events a month, each billed as one step of 5 KB, read and written once.
ROUND = Usage(events=2, item=924, bytes=1024, steps=1, stored=100, reads=1, writes=1, calls=0.03)


def section() -> str:
    """What the documentation says of costs."""
    return _COSTS


def test_the_documentation_has_the_table() -> None:
    assert f"\n\n{cost.table()}\n\n" in section()


def test_what_is_said_beside_the_table() -> None:
    usage = measure_usage()
    said = " ".join(section().split())
    assert f"here they are {usage.events:.1f}, of {usage.bytes / 1000:.1f} KB" in said
    assert 1.5 < usage.events * usage.writes < 2.5
    assert 1.5 < usage.events * usage.reads < 2.5
    assert usage.steps == 1
    assert f"costs ${cost.idle_dollars():.2f} a month" in said
    assert f"cost ${cost.failure_dollars():.2f} a month at most" in said
    assert f"cost ${cost.sending_dollars():,.0f} a month with SES" in said


def test_the_plan_of_a_setup_says_what_the_table_sums_up_to() -> None:
    usage = measure_usage()
    dollars = sum(item.dollars for item in (*cost.events_database(usage), *cost.message_status(usage)))
    events = MESSAGES_PER_DAY * cost.DAYS * usage.events
    assert round((dollars - cost.idle_dollars()) / events * 1e6, 2) == setup.USD_PER_MILLION_EVENTS


def test_firehose_bills_as_in_its_own_example() -> None:
    """A thousand records of 3 KB a second for 30 days (https://aws.amazon.com/firehose/pricing/)."""
    billed = cost.billed_gigabytes(1000 * 86_400 * 30, 1)
    assert round(billed, 2) == 12_359.62
    assert round(billed * prices.of("firehose", "usd_per_gigabyte_taken")) == 358


@pytest.mark.parametrize(
    ("service", "dollars"),
    [
        ("Amazon Data Firehose", 286.1 * (0.029 + 0.018)),
        ("AWS Lambda", (67_234 * 0.2 + 87_533 * 13.3334) / 1e6),
        ("Amazon S3", 5.588 * 0.023 + 8.64 * 0.005),
        ("Amazon Athena", 150 * 0.002 * 5),
        ("AWS Glue", 0),
        ("Amazon CloudWatch", 15 * 0.1 + 6 * 0.1 + 3 * 0.3 + 0.0626 * (0.5 + 12.17 * 0.03)),
        ("Amazon DynamoDB", 60 * 0.625 + 60 * 0.125 + 85.83 * 0.25),
        ("Amazon API Gateway", 0.1 + 0.02 + 5_000 * 13.3334 / 1e6 + 0.0125),
    ],
)
def test_each_line_is_the_sum_done_by_hand(service: str, dollars: float) -> None:
    items = {item.service: item.dollars for item in (*cost.events_database(ROUND), *cost.message_status(ROUND))}
    assert len(items) == 8
    assert items[service] == pytest.approx(dollars, rel=1e-3)


def test_every_price_has_a_day_a_region_and_an_offer_or_page() -> None:
    for part in re.split(r"\n(?=\[)", _PRICES)[1:]:
        ((_, found),) = tomllib.loads(part).items()
        assert isinstance(found["read"], date)
        assert found["region"] == "us-east-1"
        assert "Price List" in part or "https://aws.amazon.com/" in part
