-- title: Open, click, unsubscribe monitoring
-- about: Sends, opens, clicks and unsubscribes, and their rates, per hour of sending.
-- source: guide, appendix B, "Open, click, unsubscribe monitoring"
-- columns: time_window, total_sends, total_opens, total_clicks, total_unsubs, open_rate, click_rate, unsub_rate
-- note: a message that was opened five times counts as one opened message
-- opens: total_opens
-- lookback: 1d
-- example: due report engagement-rate --since 7d --until 1d
SELECT
    time_window,
    COUNT(*) AS total_sends,
    COUNT(opened) AS total_opens,
    COUNT(clicked) AS total_clicks,
    COUNT(unsubscribed) AS total_unsubs,
    CAST(COUNT(opened) AS double) / COUNT(*) AS open_rate,
    CAST(COUNT(clicked) AS double) / COUNT(*) AS click_rate,
    CAST(COUNT(unsubscribed) AS double) / COUNT(*) AS unsub_rate
FROM (
    SELECT
        date_trunc('hour', MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END)) AS time_window,
        MAX(CASE WHEN event_type = '_email.open' THEN 1 END) AS opened,
        MAX(CASE WHEN event_type = '_email.click' THEN 1 END) AS clicked,
        MAX(CASE WHEN event_type = '_email.unsubscribe' THEN 1 END) AS unsubscribed
    FROM all_events
    WHERE
        event_type IN ('_email.send', '_email.open', '_email.click', '_email.unsubscribe')
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND facets.email_channel.mail_event.mail.message_id IS NOT NULL
    GROUP BY facets.email_channel.mail_event.mail.message_id
) AS messages
WHERE time_window >= :since
GROUP BY time_window
ORDER BY time_window DESC
