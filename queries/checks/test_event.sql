-- about: The marked record of due doctor --send-test, in the hours under which it may be filed.
SELECT event_id
FROM all_events
WHERE
    ingest_timestamp >= :since
    AND ingest_timestamp <= :until
    AND event_id = :event_id
