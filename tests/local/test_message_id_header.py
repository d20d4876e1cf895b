"""``due status`` takes a Message-ID header for a message id: SES's own, and one that the sender defined."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Due, write_lines
from tests.events.records import ses_delivery_delay, ses_open, ses_send
from tests.local.database import ingest

HEADER = {"commonHeaders": {"messageId": "<order-7@shop.example>"}}


@pytest.fixture
def shop(due: Due, database: Path, tmp_path: Path) -> Path:
    """A message with a header of its sender's, and a delay that does not name it."""
    records = [ses_send(mail=HEADER), ses_open(mail=HEADER), ses_delivery_delay()]
    ingest(due, database, write_lines(tmp_path / "sent.json", records))
    return database


@pytest.mark.parametrize(
    "header",
    [
        "email-ses-1",
        "<email-ses-1@eu-west-1.amazonses.com>",
        "email-ses-1@email.amazonses.com",
        " <email-ses-1@amazonses.com> ",
        "<order-7@shop.example>",
        "order-7@shop.example",
    ],
)
def test_a_header_stands_for_its_message(due: Due, shop: Path, header: str) -> None:
    (item,) = due.rows("status", header, "--local", str(shop))
    assert (item["message_id"], item["status"], item["from"]) == ("email-ses-1", "open", "store")
    assert item["delivery_delay"] is not None


@pytest.mark.parametrize("header", ["<order-8@shop.example>", "@amazonses.com", "<>", "a@b@amazonses.com.example"])
def test_another_header_is_unknown(due: Due, shop: Path, header: str) -> None:
    due("status", header, "--local", str(shop)).failed(4)
