-- title: Open, click, unsubscribe monitoring
-- about: Sends, opens, clicks and unsubscribes, and their rates, per hour of sending.
-- source: guide, appendix B, "Open, click, unsubscribe monitoring"
-- columns: time_window, total_sends, total_opens, total_clicks, total_unsubs, open_rate, click_rate, unsub_rate
-- note: a message that was opened five times counts as one opened message
-- opens: total_opens
-- lookback: 1d
-- example: due report engagement-rate --since 7d --until 1d
SELECT
    date_trunc('hour', sent_hour) AS time_window,
    COUNT(*) AS total_sends,
    COUNT(opened) AS total_opens,
    COUNT(clicked) AS total_clicks,
    COUNT(unsubscribed) AS total_unsubs,
    CAST(COUNT(opened) AS double) / COUNT(*) AS open_rate,
    CAST(COUNT(clicked) AS double) / COUNT(*) AS click_rate,
    CAST(COUNT(unsubscribed) AS double) / COUNT(*) AS unsub_rate
FROM email_messages
WHERE sent_hour >= :since
GROUP BY date_trunc('hour', sent_hour)
ORDER BY time_window DESC
