"""SES Subscription: a change that newly opts out is an unsubscribe, any other change is not (docs/data.md)."""

from __future__ import annotations

import pytest

from tests.events.columns import row_of
from tests.events.records import ABSENT, Over, overlaid, ses_subscription, topic_preferences


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (topic_preferences(unsubscribe_all=False), topic_preferences(unsubscribe_all=True)),
        (topic_preferences(unsubscribe_all=False, a="OptIn"), topic_preferences(unsubscribe_all=False, a="OptOut")),
        (topic_preferences(unsubscribe_all=False), topic_preferences(unsubscribe_all=False, a="OptOut")),
        (topic_preferences(unsubscribe_all=False, a="OptOut"), topic_preferences(unsubscribe_all=True, a="OptOut")),
        (
            topic_preferences(unsubscribe_all=False, a="OptOut", b="OptIn"),
            topic_preferences(unsubscribe_all=False, a="OptIn", b="OptOut"),
        ),
        (None, topic_preferences(unsubscribe_all=True)),
        (ABSENT, topic_preferences(unsubscribe_all=False, a="OptOut")),
        (
            {"topicDefaultSubscriptionStatus": [{"topicName": "a", "subscriptionStatus": "OptIn"}]},
            topic_preferences(unsubscribe_all=False, a="OptOut"),
        ),
    ],
)
def test_newly_opting_out_is_an_unsubscribe(old: Over, new: Over) -> None:
    assert type_of(old, new) == "_email.unsubscribe"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (topic_preferences(unsubscribe_all=True), topic_preferences(unsubscribe_all=False)),
        (topic_preferences(unsubscribe_all=False, a="OptOut"), topic_preferences(unsubscribe_all=False, a="OptIn")),
        (
            topic_preferences(unsubscribe_all=False, a="OptOut"),
            topic_preferences(unsubscribe_all=False, a="OptOut", b="OptIn"),
        ),
        (topic_preferences(unsubscribe_all=True), topic_preferences(unsubscribe_all=True, a="OptIn")),
        # Back from everything to one topic of two: the other was opted out of before.
        (
            topic_preferences(unsubscribe_all=True),
            topic_preferences(unsubscribe_all=False, a="OptOut", b="OptIn"),
        ),
        # A topic whose default is not to receive it was never subscribed to.
        (
            {"topicDefaultSubscriptionStatus": [{"topicName": "a", "subscriptionStatus": "OptOut"}]},
            topic_preferences(unsubscribe_all=False, a="OptOut"),
        ),
        (topic_preferences(unsubscribe_all=False), None),
        (None, ABSENT),
        ("odd", ["odd"]),
    ],
)
def test_any_other_change_is_a_subscription(old: Over, new: Over) -> None:
    assert type_of(old, new) == "_email.subscription"


def type_of(old: Over, new: Over) -> str:
    record = ses_subscription(subscription={"oldTopicPreferences": ABSENT, "newTopicPreferences": ABSENT})
    preferences = {"oldTopicPreferences": old, "newTopicPreferences": new}
    return row_of(overlaid(record, {"subscription": preferences}))["event_type"]
