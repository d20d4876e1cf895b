"""Who the shop writes to. Addresses, phone numbers and networks are of the ranges reserved for examples."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_NAMES = tuple(
    "ada bela caro dina emil fara gus hana ilja jona kira lene milo nora odo pia quin rosa sven tilda una vito wanda "
    "xeno yara zeno".split()
)
_DOMAINS = ("example.com", "example.net", "example.org")
_US_AREAS = tuple(
    "202 206 212 213 214 215 216 217 303 305 310 312 313 314 315 404 405 406 407 408 409 410 412 414 415 501 502 503 "
    "504 505 507 508 509 512 513 515 602 603 605 606 607 608 609 612 614 615 616 617 618 619 702 703 704 706 707 708 "
    "712 713 714 715".split()
)
_CA_AREAS = ("204", "250", "306", "403", "416", "418", "506", "514", "604", "613", "705", "709", "780", "819", "902")
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Linux; Mobile; rv:140.0) Gecko/140.0",
    "Mozilla/5.0 (compatible; mail reader; image proxy)",
    "Mozilla/5.0",
)
_FAITHFUL = 40


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, as the services know one; ``keen`` is how much likelier than others they open a mail."""

    address: str
    phone: str
    country: str
    endpoint: str
    user: str
    ip: str
    agent: str
    keen: float


@dataclass(frozen=True, slots=True)
class People:
    """All customers, and the faithful ones who have been with the shop for long."""

    everyone: tuple[Customer, ...]
    faithful: tuple[Customer, ...]


def people(rng: Random, number: int) -> People:
    """``number`` customers, each with an address and a phone number of their own."""
    everyone = tuple(_customer(rng, index) for index in range(max(number, 3 * _FAITHFUL)))
    return People(everyone, everyone[:_FAITHFUL])


def uuid(rng: Random) -> str:
    """A random id in the usual notation."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _customer(rng: Random, index: int) -> Customer:
    abroad = index % 12 == 0
    areas, serial = (_CA_AREAS, index // 12) if abroad else (_US_AREAS, index)
    area, line = areas[serial // 100 % len(areas)], serial % 100
    return Customer(
        address=f"{rng.choice(_NAMES)}.{index + 1}@{rng.choice(_DOMAINS)}",
        phone=f"+1{area}55501{line:02d}",
        country="CA" if abroad else "US",
        endpoint=uuid(rng),
        user=f"user-{index + 1}",
        ip=f"{rng.choice(_NETWORKS)}.{rng.randrange(1, 255)}",
        agent=rng.choice(_AGENTS),
        keen=1.5 if index < _FAITHFUL else rng.choice((0.5, 0.8, 1.0, 1.2, 1.5)),
    )
