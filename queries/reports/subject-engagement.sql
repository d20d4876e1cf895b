-- title: Email engagement analysis by subject line
-- about: Sends, opens, clicks and unsubscribes per subject line, with total opens and clicks.
-- source: guide, appendix B, "Email engagement analysis by subject line"
-- columns: subject, sends, opens, clicks, unsubs, total_opens, total_clicks
-- note: opens and clicks count messages, total_opens and total_clicks count events; an event that was delivered twice counts once
-- note: Pinpoint's event_timestamp repeats the send time, so its arrival_timestamp distinguishes one open from another
-- note: the send of an SES template lacks the subject, so any event of the message may name it
-- opens: opens
-- lookback: 1d
-- example: due report subject-engagement --since 30d -o csv
SELECT
    subject,
    COUNT(*) AS sends,
    COUNT(opened) AS opens,
    COUNT(clicked) AS clicks,
    COUNT(unsubscribed) AS unsubs,
    CAST(COALESCE(SUM(open_count), 0) AS bigint) AS total_opens,
    CAST(COALESCE(SUM(click_count), 0) AS bigint) AS total_clicks
FROM email_messages
WHERE sent_hour >= :since
GROUP BY subject
ORDER BY sends DESC, subject
