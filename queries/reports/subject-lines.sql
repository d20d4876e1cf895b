-- title: All subject lines sent to an email address
-- about: Messages sent to one address, and whether each was opened.
-- source: guide, appendix B, "All subject lines sent to an email address"
-- columns: when_sent, email_subject, did_open
-- note: the send of an SES template lacks the subject, so any event of the message may name it
-- option: address TEXT required Recipient's address, case-insensitive.
-- opens: did_open
-- lookback: 1d
-- example: due report subject-lines --address jane@example.com
SELECT
    CAST(from_unixtime(sent_at / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS when_sent,
    subject AS email_subject,
    did_open
FROM (
    SELECT
        message_id,
        MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END) AS sent_hour,
        MIN(CASE WHEN event_type = '_email.send' THEN event_timestamp END) AS sent_at,
        COALESCE(MAX(CASE WHEN event_type = '_email.send' THEN subject END), MAX(subject)) AS subject,
        MAX(CASE WHEN event_type = '_email.open' THEN 1 ELSE 0 END) AS did_open,
        MAX(CASE WHEN destination IS NOT NULL THEN 1 END) AS to_address
    FROM (
        SELECT
            event_type,
            event_timestamp,
            ingest_timestamp,
            facets.email_channel.mail_event.mail.message_id AS message_id,
            facets.email_channel.mail_event.mail.common_headers.subject AS subject,
            facets.email_channel.mail_event.mail.destination AS destination
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
        AND (destination IS NULL OR contains(transform(destination, a -> lower(a)), lower(:address)))
    GROUP BY message_id
) AS messages
WHERE sent_hour >= :since AND to_address = 1
ORDER BY when_sent DESC, email_subject, message_id
