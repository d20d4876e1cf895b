-- about: The email events of a period, the sends among them and those before it, to tell why a report on sends is empty.
SELECT
    COUNT(CASE WHEN ingest_timestamp >= :since THEN 1 END) AS events,
    COUNT(CASE WHEN ingest_timestamp >= :since AND event_type = '_email.send' THEN 1 END) AS sends,
    COUNT(CASE WHEN ingest_timestamp < :since AND event_type = '_email.send' THEN 1 END) AS sends_before
FROM all_events
WHERE
    event_type LIKE '\_email.%' ESCAPE '\'
    AND ingest_timestamp >= :read_from
    AND ingest_timestamp < :until
