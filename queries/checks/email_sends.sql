-- about: The email events of a period and the sends among them, to tell why a report on sends is empty.
SELECT
    COUNT(*) AS events,
    COUNT(CASE WHEN event_type = '_email.send' THEN 1 END) AS sends
FROM all_events
WHERE
    event_type LIKE '\_email.%' ESCAPE '\'
    AND ingest_timestamp >= :since
    AND ingest_timestamp < :until
