-- title: Bounce and complaint monitoring
-- about: Sends, hard bounces and complaints, and their rates, per hour of sending.
-- source: guide, appendix B, "Bounce and complaint monitoring"
-- columns: time_window, total_sends, total_hardbounces, total_complaints, bounce_rate, complaint_rate
-- note: a message counts once in each column, however many recipients bounced and however often an event was delivered
-- lookback: 1d
-- example: due report bounce-rate --since 7d
SELECT
    date_trunc('hour', sent_hour) AS time_window,
    COUNT(*) AS total_sends,
    COUNT(hardbounced) AS total_hardbounces,
    COUNT(complained) AS total_complaints,
    CAST(COUNT(hardbounced) AS double) / COUNT(*) AS bounce_rate,
    CAST(COUNT(complained) AS double) / COUNT(*) AS complaint_rate
FROM email_messages
WHERE sent_hour >= :since
GROUP BY date_trunc('hour', sent_hour)
ORDER BY time_window DESC
