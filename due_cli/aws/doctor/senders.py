"""Checks of what sends events here: Pinpoint projects, configuration sets, and what sends without one.

Those of End User Messaging are in ``sms_senders.py``.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator

from due_cli.aws.doctor.context import DoctorContext, short_list
from due_cli.aws.event_types import listed
from due_cli.aws.resources.event_destination import NAME, ToStream
from due_cli.aws.services import firehose, ses
from due_cli.aws.services.ses import ConfigSet, Destination
from due_cli.aws.stack import tracking
from due_cli.aws.stack.routes import EMAIL, SMS, Routes, SendingService
from due_cli.core.results import Finding, counted


def projects(context: DoctorContext) -> Iterator[Finding]:
    """Whether the projects that the stack created, or that send to it, do so as setup has it."""
    if context.projects is None:
        yield "ok", "unavailable in this account, and not needed", None
        return
    names, own_role, correct = context.names, context.names.role_arn("pinpoint"), 0
    for project in context.own_projects:
        text = f"the project {project.app.name} ({project.app.project_id})"
        attach = names.command(f"attach-project {project.app.project_id}")
        if project.stream is None:
            yield "problem", f"{text} has no event stream", attach
        elif project.stream.stream_arn != names.stream_arn:
            text = f"{text} sends its events to {_last(project.stream.stream_arn)}, not to {names.stream}"
            delete = context.aws_command(f"pinpoint delete-event-stream --application-id {project.app.project_id}")
            yield "problem", text, f"{delete} && {attach}"
        elif project.stream.role_arn != own_role:
            text = f"{text} uses the role {_last(project.stream.role_arn)}, not {_last(own_role)}"
            yield "problem", text, attach
        else:
            correct += 1
    if correct == len(context.own_projects):
        yield "ok", f"{counted(correct, 'project')} with an event stream to {names.stream}", None


def config_sets(context: DoctorContext) -> Iterator[Finding]:
    """Whether configuration sets send their events here; fills the context's ``config_sets``."""
    routes = _routes(context)
    sets, attached, has_fault = context.config_sets, [], False
    for config_set in ses.config_sets(context.aws):
        sets.append(config_set)
        faults = list(faults_of(context, config_set, routes))
        yield from faults
        has_fault = has_fault or bool(faults)
        if _own_destinations(config_set, routes) and not faults:
            attached.append(config_set.name)
    yield from _chosen_types(context, [config_set for config_set in sets if routes.attached(config_set)])
    if attached:
        yield "ok", f"{len(attached):,} of {len(sets):,} attached: {short_list(attached)}", None
    elif not sets:
        create = context.aws_command("sesv2 create-configuration-set --configuration-set-name NAME")
        yield "warning", "there are none in this account and region, so SES sends no events", create
    elif not has_fault:
        text = f"none of {counted(len(sets), 'configuration set')} sends its events here"
        yield "warning", text, context.names.command("attach-config-set --all --channel email")


def identities(context: DoctorContext) -> Iterator[Finding]:
    """Whether the mail of identities has a configuration set whose events come here."""
    routes, sets = _routes(context), context.config_sets
    names = ses.identity_names(context.aws)
    checked = list(ses.identities(context.aws, names[: ses.IDENTITIES_CHECKED]))
    missed = [identity.name for identity in checked if identity.config_set is None]
    attached = {config_set.name for config_set in sets if _own_destinations(config_set, routes)}
    if missed:
        text = f"mail of {short_list(missed)} has no configuration set where a message names none: no events"
        options = f"--email-identity {shlex.quote(missed[0])} --configuration-set-name {min(attached, default='NAME')}"
        yield "warning", text, context.aws_command(f"sesv2 put-email-identity-configuration-set-attributes {options}")
    elsewhere = sorted({identity.config_set for identity in checked if identity.config_set} - attached)
    for name in elsewhere:
        senders = short_list(identity.name for identity in checked if identity.config_set == name)
        config_set = next((known for known in sets if known.name == name), ConfigSet(name, ()))
        text = f"mail of {senders} has the set {name}, whose events do not come here"
        yield "warning", text, _attach_command(context, config_set, routes)
    if not missed and not elsewhere:
        unchecked = len(names) - ses.IDENTITIES_CHECKED
        more = f"; {unchecked:,} more were not checked" if unchecked > 0 else ""
        text = f"{counted(len(checked), 'identity')}, each with a configuration set{more}"
        yield "ok", text if checked else "none that may send", None


def faults_of(
    context: DoctorContext, config_set: ConfigSet, routes: Routes, service: SendingService = EMAIL
) -> Iterator[Finding]:
    """The faults of the event destinations that send here, or should."""
    attach = _attach_command(context, config_set, routes, service)
    own = _own_destinations(config_set, routes)
    for surplus in own[1:]:  # first: while it exists, attaching is refused
        text = f"{config_set.name} reaches the stream twice, by {own[0].name} and {surplus.name}"
        yield (
            "problem",
            f"{text}: its events count twice",
            f"{service.removal(config_set.name, surplus.name)} --region {context.names.region}",
        )
    for destination in own[:1]:
        yield from (("problem", text, attach) for text in _differences(config_set, destination, routes, service))
    named = config_set.destination(NAME)
    if named is not None and not routes.reaches(named) and (fault := _target_fault(context, named)):
        yield "problem", f"the event destination {config_set.name}/{NAME} sends to {named.target}, {fault}", attach


def _differences(
    config_set: ConfigSet, destination: Destination, routes: Routes, service: SendingService
) -> Iterator[str]:
    """How an event destination that sends here differs from its desired state; its types are as they were chosen."""
    text = f"the event destination {config_set.name}/{destination.name}"
    route = routes.current(destination, service)
    role = route.role_arn if isinstance(route, ToStream) else destination.role_arn
    if not destination.enabled:
        yield f"{text} is disabled"
    if destination.role_arn != role:
        yield f"{text} uses the role {_last(destination.role_arn)}, not {_last(role)}"


def _chosen_types(context: DoctorContext, sets: list[ConfigSet]) -> Iterator[Finding]:
    """The attached sets whose mail SES changes for due's event destination alone, and those of fewer types."""
    names = context.names
    by_types: dict[frozenset[str], list[str]] = defaultdict(list)
    for config_set in sets:
        if types := tracking.tracked_by_due(config_set):
            by_types[types].append(config_set.name)
    for types, set_names in by_types.items():
        text = f"SES {tracking.changes(types)} of the mail of {short_list(set_names)} for {NAME} alone"
        turn_off = names.command(f"attach-config-set {' '.join(set_names)} --tracking off")
        yield "ok", f"{text}, which has {tracking.results(types)}", turn_off
    for config_set in sets:
        destination = config_set.destination(NAME)
        if destination and not tracking.is_complete(destination):
            yield "ok", f"{config_set.name} sends only {listed(destination.types)}, as was chosen", None


def _target_fault(context: DoctorContext, destination: Destination) -> str | None:
    """Why the target of an event destination accepts no events; None where it exists, perhaps in another stack."""
    if destination.stream_arn and firehose.stream_is_missing(context.aws, _last(destination.stream_arn)):
        return "which does not exist"
    if destination.project_arn and context.projects is None:
        return "and Pinpoint is unavailable"
    known = {project.app.arn for project in context.projects or ()}
    return "which does not exist" if destination.project_arn and destination.project_arn not in known else None


def _routes(context: DoctorContext) -> Routes:
    return Routes(names=context.names, projects=frozenset(project.app.arn for project in context.own_projects))


def _own_destinations(config_set: ConfigSet, routes: Routes) -> list[Destination]:
    """The event destinations of a set that send here, the one that attaching creates first."""
    own = (destination for destination in config_set.destinations if routes.reaches(destination))
    return sorted(own, key=lambda destination: destination.name != NAME)


def _attach_command(
    context: DoctorContext, config_set: ConfigSet, routes: Routes, service: SendingService = EMAIL
) -> str:
    """The command that attaches a configuration set, or moves one whose target no longer exists.

    Directly to Firehose where it sends through a project that is not the stack's: attaching cannot tell whether that
    exists where Pinpoint is unavailable, and SES accepts one project for a set.
    """
    others = [other for other in config_set.destinations if other.project_arn and not routes.reaches(other)]
    is_direct = any(context.projects is None or other.name != NAME for other in others)
    return context.names.command(
        f"attach-config-set {shlex.quote(config_set.name)}{' --via firehose' if is_direct else ''}"
        f"{' --channel sms' if service is SMS else ''}"
    )


def _last(arn: object) -> str:
    return str(arn).rsplit("/", 1)[-1]
