"""Records of Pinpoint's campaigns, journeys and other events, and what EventBridge puts around a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from due_cli.demo.shop import SHOP, Customer
from due_cli.demo.templates import PINPOINT, WRAPPERS, Record, compact_json, render, text_id

TimedRecords = Iterator[tuple[int, Record]]  # each with the time at which it is published, in epoch milliseconds


def bus_event(detail: Record, source: str, detail_type: str, at: int) -> Record:
    """A record as EventBridge delivers it, with the time to the second."""
    values = {"id": text_id(compact_json(detail).encode()), "bus_source": source, "detail_type": detail_type, "at": at}
    event: Record = render(WRAPPERS["EventBridge"], {**SHOP, **values, "detail": detail})
    return event


def pinpoint_event(name: str, at: int, values: Mapping[str, object]) -> Record:
    """An event of Pinpoint's stream from the template of a name; it arrives at once unless the values say when."""
    event: Record = render(PINPOINT[name], {**SHOP, "at": at, "arrived": at, "endpoint": SHOP["account"], **values})
    return event


def _endpoint_values(customer: Customer, at: int) -> Record:
    """The values of a campaign's or a journey's event that tell for whom it was executed."""
    details = render(PINPOINT["endpoint_details"], {"at": at, "user": customer.user})
    return {"endpoint": customer.endpoint, "endpoint_details": details}


def campaign_record(keys: Mapping[str, str], customer: Customer, status: str, at: int, arrived: int) -> Record:
    """A campaign executed for one endpoint."""
    values = {"event_type": "_campaign.send", "delivery_type": "EMAIL", "status": status, "arrived": arrived}
    return pinpoint_event("campaign", at, {**_endpoint_values(customer, at), **keys, **values})


def journey_record(keys: Mapping[str, str], customer: Customer, status: str, at: int, arrived: int) -> Record:
    """A journey's activity executed for one endpoint."""
    code, message = ("200", '{"errorMessage":null}') if status == "SUCCESS" else ("400", status.lower())
    values = {"event_type": "_journey.send", "status": status, "status_code": code, "status_message": message}
    return pinpoint_event("journey", at, {**_endpoint_values(customer, at), **keys, **values, "arrived": arrived})
