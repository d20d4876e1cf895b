"""The made-up month of a small shop that ``due demo`` ingests: every kind of event, by every way, with every flaw."""

from due_cli.demo.month import DEFAULT_RECORDS, Month, write_month

__all__ = ["DEFAULT_RECORDS", "Month", "write_month"]
