"""Every report that was counted by hand."""

from __future__ import annotations

from tests.queries import hand_mail, hand_people, hand_sms

HAND = (*hand_sms.CASES, *hand_mail.CASES, *hand_people.CASES)
