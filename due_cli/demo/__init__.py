"""The synthetic month of a small shop that ``due demo`` ingests: every event type, wrapper and kind of bad record."""

from due_cli.demo.month import DEFAULT_RECORDS, Month, write_month

__all__ = ["DEFAULT_RECORDS", "Month", "write_month"]
