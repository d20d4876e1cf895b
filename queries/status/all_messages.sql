-- about: Every event that says something of a message, one message after the other; to compare the status store with.
SELECT
    event_type,
    event_timestamp,
    arrival_timestamp,
    client,
    attributes,
    awsaccountid,
    facets,
    metrics,
    event_id,
    source,
    occurred_at,
    details
FROM all_events
WHERE
    event_type LIKE '\_email.%' ESCAPE '\'
    OR event_type LIKE '\_SMS.%' ESCAPE '\'
    OR event_type LIKE '\_VOICE.%' ESCAPE '\'
    OR event_type LIKE '\_WHATSAPP.%' ESCAPE '\'
