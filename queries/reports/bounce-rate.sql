-- title: Bounce and complaint monitoring
-- about: Sends, hard bounces and complaints, and their rates, per hour of sending.
-- source: guide, appendix B, "Bounce and complaint monitoring"
-- columns: time_window, total_sends, total_hardbounces, total_complaints, bounce_rate, complaint_rate
-- note: a message counts once in each column, however many recipients bounced and however often an event was delivered
-- lookback: 1d
-- example: due report bounce-rate --since 7d
SELECT
    time_window,
    COUNT(*) AS total_sends,
    COUNT(hardbounced) AS total_hardbounces,
    COUNT(complained) AS total_complaints,
    CAST(COUNT(hardbounced) AS double) / COUNT(*) AS bounce_rate,
    CAST(COUNT(complained) AS double) / COUNT(*) AS complaint_rate
FROM (
    SELECT
        date_trunc('hour', MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END)) AS time_window,
        MAX(CASE WHEN event_type = '_email.hardbounce' THEN 1 END) AS hardbounced,
        MAX(CASE WHEN event_type = '_email.complaint' THEN 1 END) AS complained
    FROM all_events
    WHERE
        event_type IN ('_email.send', '_email.hardbounce', '_email.complaint')
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND facets.email_channel.mail_event.mail.message_id IS NOT NULL
    GROUP BY facets.email_channel.mail_event.mail.message_id
) AS messages
WHERE time_window >= :since
GROUP BY time_window
ORDER BY time_window DESC
