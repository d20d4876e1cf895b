"""What sends its events here: Pinpoint projects, configuration sets, and identities whose mail has no set."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial

from due_cli.aws.doctor.context import DoctorContext, Examined, guarded, listed
from due_cli.aws.resources.event_destination import NAME, EventDestination
from due_cli.aws.services import firehose, ses
from due_cli.aws.services.ses import ConfigSet, Destination
from due_cli.aws.stack.config_sets import Ways
from due_cli.core.results import Check, counted

_MOST_IDENTITIES = 20  # SES answers one such call a second
_SETS, _IDENTITIES, _PINPOINT = "configuration sets", "identities", "Pinpoint"


def ways_in(patient: DoctorContext) -> Examined:
    """Every way in which events come, one after another: SES answers one call a second."""
    yield from guarded(_PINPOINT, _projects, patient)
    sets: list[ConfigSet] = []
    yield from guarded(_SETS, partial(_config_sets, into=sets), patient)
    yield from guarded(_IDENTITIES, partial(_identities, sets=sets), patient)


def _projects(patient: DoctorContext) -> Examined:
    """Whether the projects that the stack made, or that lead to it, lead to it as setup has it."""
    if patient.projects is None:
        yield Check(_PINPOINT, "ok", "does not answer here, and is not needed")
        return
    role, fine = patient.names.role_arn("pinpoint"), []
    for one in patient.own_projects:
        project = f"the project {one.app.name} ({one.app.project_id})"
        attach = patient.command(f"attach-project {one.app.project_id}")
        if one.stream is None:
            yield Check(_PINPOINT, "problem", f"{project} has no event stream", attach)
        elif one.stream.stream_arn != patient.names.stream_arn:
            stream = one.stream.stream_arn.rsplit("/", 1)[-1]
            text = f"{project} sends its events to {stream}, not to {patient.names.stream}"
            delete = f"pinpoint delete-event-stream --application-id {one.app.project_id}"
            yield Check(_PINPOINT, "problem", text, f"{patient.aws_command(delete)} && {attach}")
        elif one.stream.role_arn != role:
            text = f"{project} puts its events in the role {_last(one.stream.role_arn)}, not {_last(role)}"
            yield Check(_PINPOINT, "problem", text, attach)
        else:
            fine.append(one.app.name)
    if len(fine) == len(patient.own_projects):
        yield Check(_PINPOINT, "ok", f"{counted(len(fine), 'project')} with an event stream to {patient.names.stream}")


def _config_sets(patient: DoctorContext, *, into: list[ConfigSet]) -> Examined:
    ways = _ways(patient)
    attached: list[str] = []
    wrong = False
    for one in ses.config_sets(patient.aws):
        into.append(one)
        faults = list(_faults(patient, one, ways))
        yield from faults
        wrong = wrong or bool(faults)
        if _reaching(one, ways) and not faults:
            attached.append(one.name)
    if attached:
        yield Check(_SETS, "ok", f"{len(attached):,} of {len(into):,} attached: {listed(attached)}")
    elif not into:
        make = patient.aws_command("sesv2 create-configuration-set --configuration-set-name NAME")
        yield Check(_SETS, "warning", "there are none in this account and region, so SES sends no events", make)
    elif not wrong:
        text = f"none of {counted(len(into), 'configuration set')} sends its events here"
        yield Check(_SETS, "warning", text, patient.command("attach-config-set --all"))


def _faults(patient: DoctorContext, one: ConfigSet, ways: Ways) -> Iterator[Check]:
    """What is wrong with the ways in which a configuration set leads here, or should."""
    attach = _attaching(patient, one, ways)
    reaching = _reaching(one, ways)
    for surplus in reaching[1:]:  # first: while it is there, attaching is refused
        text = f"{one.name} reaches the stream twice, by {reaching[0].name} and {surplus.name}: its events count twice"
        yield Check(_SETS, "problem", text, _removal(patient, one, surplus))
    for to in reaching[:1]:
        yield from (Check(_SETS, "problem", text, attach) for text in _differing(one, to, ways))
    named = one.destination(NAME)
    if named is not None and not ways.reaches(named) and (why := _nowhere(patient, named)):
        text = f"the event destination {one.name}/{NAME} leads to {named.target}, {why}"
        yield Check(_SETS, "problem", text, attach)


def _differing(one: ConfigSet, to: Destination, ways: Ways) -> Iterator[str]:
    """How an event destination that leads here differs from the one that attaching makes."""
    about = f"the event destination {one.name}/{to.name}"
    wanted = EventDestination(config_set=one.name, to=ways.as_it_is(to)).desired()
    types, role = wanted["MatchingEventTypes"], wanted.get("IamRoleArn", to.role_arn)
    missing = sorted(set(types) - to.types) if isinstance(types, list) else []
    if not to.enabled:
        yield f"{about} is disabled"
    elif missing:
        yield f"{about} leaves out {listed(missing)}"
    if to.role_arn != role:
        yield f"{about} is in the role {_last(to.role_arn)}, not {_last(role)}"


def _nowhere(patient: DoctorContext, to: Destination) -> str | None:
    """Why what an event destination leads to takes no events; None for what is there, which may be another stack's."""
    if to.stream_arn and firehose.stream_is_missing(patient.aws, _last(to.stream_arn)):
        return "which does not exist"
    if to.project_arn and patient.projects is None:
        return "and Pinpoint does not answer"
    if to.project_arn and to.project_arn not in {known.app.arn for known in patient.projects or ()}:
        return "which does not exist"
    return None


def _identities(patient: DoctorContext, *, sets: list[ConfigSet]) -> Examined:
    ways = _ways(patient)
    names = ses.identity_names(patient.aws)
    asked = list(ses.identities(patient.aws, names[:_MOST_IDENTITIES]))
    without = [one.name for one in asked if one.config_set is None]
    attached = {one.name for one in sets if _reaching(one, ways)}
    if without:
        text = f"mail of {listed(without)} has no configuration set where a message names none: no events"
        words = f"--email-identity {shlex.quote(without[0])}"
        put = f"sesv2 put-email-identity-configuration-set-attributes {words} --configuration-set-name"
        yield Check(_IDENTITIES, "warning", text, patient.aws_command(f"{put} {min(attached, default='NAME')}"))
    elsewhere = sorted({one.config_set for one in asked if one.config_set} - attached)
    for other in elsewhere:
        who = listed(one.name for one in asked if one.config_set == other)
        there = next((one for one in sets if one.name == other), ConfigSet(other, ()))
        text = f"mail of {who} has the set {other}, whose events do not come here"
        yield Check(_IDENTITIES, "warning", text, _attaching(patient, there, ways))
    if not without and not elsewhere:
        more = f"; {len(names) - _MOST_IDENTITIES:,} more were not asked" if len(names) > _MOST_IDENTITIES else ""
        text = f"{counted(len(asked), 'identity')}, each with a configuration set{more}"
        yield Check(_IDENTITIES, "ok", text if asked else "none that may send")


def _ways(patient: DoctorContext) -> Ways:
    return Ways(patient.names, frozenset(one.app.arn for one in patient.own_projects))


def _reaching(one: ConfigSet, ways: Ways) -> list[Destination]:
    """Its event destinations that lead here, the one that attaching makes first."""
    return sorted((to for to in one.destinations if ways.reaches(to)), key=lambda to: to.name != NAME)


def _attaching(patient: DoctorContext, one: ConfigSet, ways: Ways) -> str:
    """The command that attaches a configuration set, or moves it where it leads to what is gone.

    Straight to the stream where it sends through a project that is not the stack's: of one of which Pinpoint says
    nothing attaching cannot tell that it is gone, and SES takes one project for a set.
    """
    elsewhere = [to for to in one.destinations if to.project_arn and not ways.reaches(to)]
    straight = any(patient.projects is None or to.name != NAME for to in elsewhere)
    return patient.command(f"attach-config-set {shlex.quote(one.name)}{' --via firehose' if straight else ''}")


def _removal(patient: DoctorContext, one: ConfigSet, to: Destination) -> str:
    words = f"--configuration-set-name {shlex.quote(one.name)} --event-destination-name {shlex.quote(to.name)}"
    return patient.aws_command(f"sesv2 delete-configuration-set-event-destination {words}")


def _last(arn: object) -> str:
    return str(arn).rsplit("/", 1)[-1]
