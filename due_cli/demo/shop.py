"""What the shop sends: its campaigns, its journey, its order mails and its text messages.

Numbers are those of a month of 55,000 records; a shorter month has less of everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from due_cli.demo.mail import Habits

ACCOUNT = "111122223333"
REGION = "us-east-1"
PROJECT = "b1f0c5d28e7a4c3f9a64d07e5b2c8f13"
DOMAIN = "shop.example.com"
PHONE = "+18005550100"
TAG_NAME, TAG_VALUE = "purpose", "order-update"
ORDER_TAG = {TAG_NAME: TAG_VALUE}

NEWS = Habits(opens=0.27, clicks=0.042, unsubscribes=0.0035, complaints=0.0004)
SERVICE = Habits(opens=0.42, clicks=0.09, complaints=0.0002, hard=0.012)
LETTER = Habits(opens=0.36, clicks=0.10, hard=0.0, soft=0.0)


@dataclass(frozen=True, slots=True)
class Treatment:
    """One version of a campaign's mail; the standard one has the id ``0``."""

    id: str
    subject: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A Pinpoint campaign by email: on which day (0 for each Tuesday), to how many, in which versions."""

    id: str
    name: str
    treatments: tuple[Treatment, ...]
    mails: int
    day: int = 0
    hour: int = 8


@dataclass(frozen=True, slots=True)
class MailLine:
    """A kind of transactional mail through SES, which route its events take, and in which form they are written."""

    name: str
    route: str
    mails: int
    subjects: tuple[str, ...]
    tags: dict[str, str] = field(default_factory=dict)
    form: str = "event"


NEWSLETTER = Campaign(
    "5d1f7c0a9b3e4f6288d4a1c7e0b95f32",
    "newsletter",
    (
        Treatment("0", "New this week: lamps, mugs and one odd teapot"),
        Treatment("0", "Seven small things for a long evening"),
        Treatment("0", "Back on the shelf – and this time there are enough"),
        Treatment("0", "Für die Küche: neue Becher 🫖"),
        Treatment("0", "What we packed most this month"),
    ),
    mails=7600,
)
ARRIVALS = Campaign(
    "c2a94e61f07d4b85a3168e5fd90b7c24",
    "new-arrivals",
    (
        Treatment("8f3b1d60a2c74e5c", "The new lamps are here"),
        Treatment("41d7e92bb05f4a38", "Which of these six lamps is yours?"),
    ),
    mails=900,
    day=7,
    hour=9,
)
CLEARANCE = Campaign(
    "90be3f5da8714c02b6ed5c1f7a284d69",
    "clearance",
    (
        Treatment("d05a7c9e16b24f83", "Last pieces, lower prices"),
        Treatment("2b8e64f1c93d4075", "A fifth off everything on the last shelf"),
    ),
    mails=900,
    day=18,
    hour=15,
)
CAMPAIGNS = (NEWSLETTER, ARRIVALS, CLEARANCE)
LETTERS = Campaign(
    "e7c05b9a3f1846d2974b60d8a5f2ce11",
    "friends-letter",
    (Treatment("0", "A letter to our friends"), Treatment("0", "From the workshop")),
    mails=0,
)
TEXT_CAMPAIGN = "37f6d2c81b0e49a5bd5c73e904af6182"
TEXT_CAMPAIGN_DAY, TEXT_CAMPAIGN_HOUR = 12, 16

JOURNEY = "4ba1f60c92de4375a8c7d10e5f3b6982"
JOURNEY_RUN = "0d6c4e8a5b7f4912b3f0a9e1c2d87654"
# Day of the welcome journey, its activity, the subject of its mail.
WELCOME = (
    (0, "wElc0me001", "Welcome to the shop"),
    (3, "wElc0me002", "How to choose a lamp"),
    (7, "wElc0me003", "A small gift for your first order"),
)

LINES = (
    MailLine("orders", "ses", 1100, ("Your order is confirmed", "We have received your order"), ORDER_TAG),
    MailLine("parcels", "ses-queue", 900, ("Your parcel is on its way", "Your parcel arrives today"), ORDER_TAG),
    MailLine("account", "ses-lambda", 400, ("Confirm your address", "Choose a new password"), {"purpose": "account"}),
    MailLine("reviews", "ses-bus", 350, ("How do you like your order?",), {"purpose": "review"}, "bus"),
    MailLine("gifts", "ses-bus-topic", 150, ("Someone sent you a gift card",), {"purpose": "gift"}, "bus"),
    MailLine("stock", "ses-firehose", 350, ("It is back in stock",), {"purpose": "stock", "shelf": "3"}),
    MailLine("invoices", "ses-export", 110, ("Your invoice", "Votre facture d’août"), {"purpose": "invoice"}),
    MailLine("service", "ses-feedback", 200, ("Your question to the shop", "Re: a broken handle"), {}, "notification"),
)
RECEIPT_MAILS = 150
JOURNEY_STARTS = 190
CAMPAIGN_TEXTS = 450
API_TEXTS = 300
NOTICE_TEXTS = 700
PICKUP_TEXTS = 150
CALLS = 40
WHATSAPP_CHATS = 200
CUSTOMERS = 3000
