"""Prices of AWS, from ``prices.toml``, where each has its source and date."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_TERABYTE = 10**12


def athena_dollars(scanned: int) -> float:
    """The price in US dollars of a query that scanned so many bytes; 0 where it scanned none."""
    price = _prices()["athena"]
    step = int(price["step_bytes"])
    billed = max(-(-scanned // step) * step, int(price["least_bytes"])) if scanned else 0
    return billed * float(price["usd_per_terabyte"]) / _TERABYTE


def of(service: str, name: str) -> float:
    """A figure of a service: a price, or the size of a billed unit. Raises :class:`KeyError` for an unknown name."""
    return float(_prices()[service][name])


@cache
def _prices() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("prices.toml").read_text("utf-8"))
