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
    CAST(COALESCE(SUM(opens), 0) AS bigint) AS total_opens,
    CAST(COALESCE(SUM(clicks), 0) AS bigint) AS total_clicks
FROM (
    SELECT
        MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END) AS sent_hour,
        COALESCE(MAX(CASE WHEN event_type = '_email.send' THEN subject END), MAX(subject)) AS subject,
        MAX(CASE WHEN event_type = '_email.open' THEN 1 END) AS opened,
        MAX(CASE WHEN event_type = '_email.click' THEN 1 END) AS clicked,
        MAX(CASE WHEN event_type = '_email.unsubscribe' THEN 1 END) AS unsubscribed,
        cardinality(array_distinct(array_agg(own_time) FILTER (WHERE event_type = '_email.open'))) AS opens,
        cardinality(
            array_distinct(
                array_agg(
                    CASE WHEN event_type = '_email.click' THEN CAST(own_time AS varchar) || COALESCE(' ' || link, '') END
                ) FILTER (WHERE event_type = '_email.click')
            )
        ) AS clicks
    FROM (
        SELECT
            event_type,
            ingest_timestamp,
            facets.email_channel.mail_event.mail.message_id AS message_id,
            facets.email_channel.mail_event.mail.common_headers.subject AS subject,
            facets.email_channel.mail_event.click.link AS link,
            CASE
                WHEN
                    application.app_id IS NOT NULL
                    OR event_timestamp = facets.email_channel.mail_event.mail.message_send_timestamp
                    THEN COALESCE(arrival_timestamp, event_timestamp)
                ELSE event_timestamp
            END AS own_time
        FROM all_events
    ) AS events
    WHERE
        event_type IN (
            '_email.send', '_email.delivered', '_email.open', '_email.click', '_email.unsubscribe', '_email.hardbounce',
            '_email.softbounce', '_email.complaint', '_email.rejected', '_email.rendering_failure',
            '_email.delivery_delay', '_email.subscription'
        )
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND message_id IS NOT NULL
    GROUP BY message_id
) AS messages
WHERE sent_hour >= :since
GROUP BY subject
ORDER BY sends DESC, subject
