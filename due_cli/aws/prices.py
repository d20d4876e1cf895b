"""What AWS charges, from the one dated file that has prices."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_TERABYTE = 10**12


def athena_dollars(scanned: int) -> float:
    """What a query costs that scanned so many bytes; nothing where it scanned none (``prices.toml``)."""
    price = _prices()["athena"]
    step = int(price["step_bytes"])
    billed = max(-(-scanned // step) * step, int(price["least_bytes"])) if scanned else 0
    return billed * float(price["usd_per_terabyte"]) / _TERABYTE


def of(service: str, name: str) -> float:
    """A figure of a service's: a price, or what it is counted by. Raises :class:`KeyError` for any other name."""
    return float(_prices()[service][name])


@cache
def _prices() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("prices.toml").read_text("utf-8"))
