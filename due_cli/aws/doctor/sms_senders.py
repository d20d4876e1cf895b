"""Checks of what End User Messaging and SNS send here: configuration sets, subscriptions of topics, phone numbers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from due_cli.aws.doctor.context import DoctorContext, short_list
from due_cli.aws.doctor.senders import faults_of
from due_cli.aws.resources.subscription import topic_name
from due_cli.aws.services import sms, sns
from due_cli.aws.services.ses import ConfigSet
from due_cli.aws.stack.routes import SMS, Routes
from due_cli.core.results import Finding, counted

_UNAVAILABLE: Finding = ("ok", "End User Messaging is unavailable in this region, and not needed", None)


def config_sets(context: DoctorContext) -> Iterator[Finding]:
    """Whether the configuration sets of End User Messaging that are attached send their events here."""
    routes = Routes(names=context.names, projects=frozenset())
    sets = sms.config_sets_or_none(context.aws)
    if sets is None:
        yield _UNAVAILABLE
        return
    has_fault = False
    for config_set in sets:
        for fault in faults_of(context, config_set, routes, SMS):
            has_fault = True
            yield fault
    attached = _attached(context, sets)
    if not has_fault:
        text = f": {short_list(attached)}" if attached else ""
        yield "ok", f"{len(attached):,} of {len(sets):,} attached{text}", None


def topics(context: DoctorContext) -> Iterator[Finding]:
    """Whether the topics that are attached reach the stream, in SNS's envelope."""
    own_role, attached = context.names.role_arn("sns"), []
    for subscription in sns.subscriptions(context.aws, context.names.stream_arn):
        name = topic_name(subscription.topic_arn)
        is_own = subscription.role_arn in (own_role, None)
        attach = context.names.command(f"attach-topic {subscription.topic_arn}") if is_own else None
        if subscription.arn is None:
            yield "problem", f"the subscription to the topic {name} waits for its confirmation", attach
        elif subscription.is_raw:
            text = f"the subscription to the topic {name} has raw message delivery, without the time of its messages"
            yield "problem" if is_own else "warning", text, attach
        else:
            attached.append(name if is_own else f"{name} (with another role: {subscription.role_arn})")
    if attached:
        yield "ok", f"{counted(len(attached), 'topic')} attached: {short_list(attached)}", None
    else:
        yield "ok", "none attached", None


def origins(context: DoctorContext) -> Iterator[Finding]:
    """Whether the events of phone numbers, pools and sender ids can come here, as far as AWS tells.

    A message names its configuration set when it is sent, so only that none is attached can be known; and which topics
    get what numbers and pools receive.
    """
    sets = sms.config_sets_or_none(context.aws)
    if sets is None:
        yield _UNAVAILABLE
        return
    senders = sms.origins(context.aws)
    if not senders:
        yield "ok", "no phone numbers, pools or sender ids", None
        return
    named = short_list(f"{sender.kind} {sender.name}" for sender in senders)
    attached = _attached(context, sets)
    if not attached:
        text = f"no SMS configuration set is attached, so nothing is known of what is sent from {named}"
        yield "warning", text, _attach_or_create(context, sets)
    subscribed = {one.topic_arn for one in sns.subscriptions(context.aws, context.names.stream_arn)}
    receiving = [sender for sender in senders if sender.topic_arn and sender.topic_arn not in subscribed]
    for topic_arn in sorted({sender.topic_arn for sender in receiving if sender.topic_arn}):
        who = short_list(f"{one.kind} {one.name}" for one in receiving if one.topic_arn == topic_arn)
        text = f"what {who} receives goes to the topic {topic_name(topic_arn)}, which is not attached"
        yield "warning", text, context.names.command(f"attach-topic {topic_arn}")
    if attached and not receiving:
        yield "ok", f"{named}: events come of messages that name an attached configuration set", None


def _attached(context: DoctorContext, sets: list[ConfigSet]) -> list[str]:
    stream_arn = context.names.stream_arn
    return [one.name for one in sets if any(each.stream_arn == stream_arn for each in one.destinations)]


def _attach_or_create(context: DoctorContext, sets: list[ConfigSet]) -> str:
    """The command that attaches the sets there are, else the one that creates one first."""
    if sets:
        names = " ".join(shlex.quote(config_set.name) for config_set in sets)
        return context.names.command(f"attach-config-set {names} --channel sms")
    create = context.aws_command("pinpoint-sms-voice-v2 create-configuration-set --configuration-set-name NAME")
    return f"{create} && {context.names.command('attach-config-set NAME --channel sms')}"
