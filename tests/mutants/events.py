"""Mutants of what events become: rows, views, reports, statuses and partitions."""

from __future__ import annotations

from tests.mutants.model import Mutant

VIEWS = "tests/engines/test_views.py"
REPORTS = "tests/engines/test_reports.py"
SES = "tests/events/test_ses.py"
SMS = "tests/events/test_sms.py"
STATUSES = "tests/engines/test_dynamodb.py"
COMPACTION = "tests/local/test_compact_adopted.py"
ERASURE = "tests/local/test_erase.py"
PARTITIONS = "tests/lambdas/test_partition.py"

EVENTS = (
    Mutant(
        "compaction",
        "an event that adopted files have twice is kept twice",
        "due_cli/local/adopted_files.py",
        "            if event_id in met or state",
        "            if state",
        COMPACTION,
        "more_than_once",
    ),
    Mutant(
        "compaction",
        "a replaced file is read beside the one that has its rows",
        "due_cli/local/state.py",
        " and not (path in replaced and replaced[path].is_at(self.folder.root / path))",
        "",
        COMPACTION,
        "comes_back",
    ),
    Mutant(
        "compaction",
        "the files of hours are read beside that of their day",
        "due_cli/local/compact.py",
        '            state.run("retire_file", file.path)',
        "            pass",
        "tests/local/test_compact.py",
        "once_it_is_closed",
    ),
    Mutant(
        "erasure",
        "headers, which are maps, are forgotten",
        "due_cli/erase/rows.py",
        "        return tuple(_value(eraser, item) for item in value)",
        "        return value",
        ERASURE,
        "row_about_one_person",
    ),
    Mutant(
        "erasure",
        "an event keeps the id that is a digest of the address",
        "due_cli/erase/rows.py",
        "    is_new = is_concerned and ",
        "    is_new = not is_concerned and ",
        ERASURE,
        "ids_of_events",
    ),
    Mutant(
        "erasure",
        "replaced files stay until the next ingest",
        "due_cli/local/erase.py",
        "                data_files.remove_replaced(self._folder, self._state)",
        "                pass",
        ERASURE,
        "waits_for_readers",
    ),
    Mutant(
        "deliveries of one event",
        "of two texts the shorter stays",
        "due_cli/events/merging.py",
        "    return len(quoted), quoted",
        "    return -len(quoted), quoted",
        "tests/events/test_merging.py",
        "test_details",
    ),
    Mutant(
        "deliveries of one event",
        "a row is filed under the hour of the delivery that arrived last",
        "due_cli/events/merging.py",
        'min(one["arrival_timestamp"], other["arrival_timestamp"])',
        'max(one["arrival_timestamp"], other["arrival_timestamp"])',
        "tests/local/test_deliveries.py",
        "more_events_than_are_merged",
    ),
    Mutant(
        "view column",
        "the treatment of a click is its campaign",
        "queries/views/email_click.sql",
        "element_at(attributes, 'treatment_id') AS pinpoint_treatment_id",
        "element_at(attributes, 'campaign_id') AS pinpoint_treatment_id",
        VIEWS,
        "view_is_the_same and email_click",
    ),
    Mutant(
        "view column",
        "the context of an open stands over its attributes",
        "queries/views/email_open.sql",
        """\
        COALESCE(client_context.custom, CAST(MAP() AS map(varchar, varchar))),
        COALESCE(attributes, CAST(MAP() AS map(varchar, varchar)))
""",
        """\
        COALESCE(attributes, CAST(MAP() AS map(varchar, varchar))),
        COALESCE(client_context.custom, CAST(MAP() AS map(varchar, varchar)))
""",
        VIEWS,
        "view_is_the_same and email_open",
    ),
    Mutant(
        "view column",
        "a nested value of an SMS context is nothing",
        "queries/views/sms_success.sql",
        "COALESCE(json_extract_scalar(v, '$'), json_format(v))",
        "json_extract_scalar(v, '$')",
        VIEWS,
        "view_is_the_same and sms_success",
    ),
    Mutant(
        "report predicate",
        "a reply counts as a message that was sent",
        "queries/messages/phone.sql",
        "    AND (event_type <> '_SMS.OPTOUT' OR element_at(attributes, 'record_status') IS NOT NULL)\n",
        "",
        REPORTS,
        "by_hand and sms-cost",
    ),
    Mutant(
        "report predicate",
        "messages without a campaign are one",
        "queries/reports/campaign-engagement.sql",
        " AND campaign_id IS NOT NULL",
        "",
        REPORTS,
        "by_hand and campaign-engagement",
    ),
    Mutant(
        "report predicate",
        "the first hour of the period is left out",
        "queries/reports/bounce-rate.sql",
        "sent_hour >= :since",
        "sent_hour > :since",
        REPORTS,
        "by_hand and bounce-rate",
    ),
    Mutant(
        "report predicate",
        "any delivery of a message counts for each of its addresses",
        "queries/reports/address-engagement.sql",
        "CASE WHEN address IS NULL THEN last_delivered END",
        "last_delivered",
        REPORTS,
        "by_hand and address-engagement",
    ),
    Mutant(
        "normaliser field",
        "the sender of an SES mail is not taken",
        "due_cli/events/ses.py",
        '"from_address": "source", ',
        "",
        SES,
    ),
    Mutant(
        "normaliser field",
        "prices are cents",
        "due_cli/events/sms.py",
        "MILLICENTS_A_DOLLAR = 100_000",
        "MILLICENTS_A_DOLLAR = 100",
        SMS,
    ),
    Mutant(
        "normaliser field",
        "the sender and the recipient of an SMS change places",
        "due_cli/events/sms.py",
        """\
    ("originationPhoneNumber", "origination_phone_number"),
    ("destinationPhoneNumber", "destination_phone_number"),
""",
        """\
    ("originationPhoneNumber", "destination_phone_number"),
    ("destinationPhoneNumber", "origination_phone_number"),
""",
        SMS,
    ),
    Mutant(
        "status expression",
        "an item is written over, whatever it has become since it was read",
        "due_cli/aws/pipeline/status_store.py",
        """WHERE "{KEY}"=? AND "{FACTS}"=?'""",
        """WHERE "{KEY}"=? AND "{FACTS}"<>?'""",
        STATUSES,
        "loses or few_calls or blogs_keys",
    ),
    Mutant(
        "status expression",
        "what is the same is written, and what is different is not",
        "due_cli/aws/pipeline/status_store.py",
        "if before.get(name) != value}",
        "if before.get(name) == value}",
        STATUSES,
        "loses or few_calls or blogs_keys",
    ),
    Mutant(
        "status expression",
        "the condition is on what is to be written",
        "due_cli/aws/pipeline/status_store.py",
        '{"S": message}, {"S": facts}])',
        '{"S": message}, different[FACTS]])',
        STATUSES,
        "loses or few_calls or blogs_keys",
    ),
    Mutant(
        "partition hour",
        "the partition has twelve hours a day",
        "due_cli/aws/pipeline/partitions.py",
        'return f"{moment:%Y-%m-%d %H}:00:00"',
        'return f"{moment:%Y-%m-%d %I}:00:00"',
        PARTITIONS,
    ),
    Mutant(
        "partition hour",
        "the partition is where the day's files are",
        "due_cli/aws/pipeline/partitions.py",
        "/events/{moment:%Y/%m/%d/%H}/",
        "/events/{moment:%Y/%m/%d}/",
        PARTITIONS,
    ),
)
