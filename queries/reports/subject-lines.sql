-- title: All subject lines sent to an email address
-- about: Every message that was sent to one address, and whether it was opened.
-- source: guide, appendix B, "All subject lines sent to an email address"
-- option: address TEXT required The recipient's address, in capitals or not.
-- lookback: 1d
-- example: due report subject-lines --address jane@example.com
SELECT
    CAST(from_unixtime(sent_at / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS when_sent,
    subject AS email_subject,
    did_open
FROM (
    SELECT
        facets.email_channel.mail_event.mail.message_id AS message_id,
        MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END) AS sent_hour,
        MIN(CASE WHEN event_type = '_email.send' THEN event_timestamp END) AS sent_at,
        COALESCE(
            MAX(
                CASE
                    WHEN event_type = '_email.send' THEN facets.email_channel.mail_event.mail.common_headers.subject
                END
            ),
            MAX(facets.email_channel.mail_event.mail.common_headers.subject)
        ) AS subject,
        MAX(CASE WHEN event_type = '_email.open' THEN 1 ELSE 0 END) AS did_open
    FROM all_events
    WHERE
        event_type IN ('_email.send', '_email.open')
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND facets.email_channel.mail_event.mail.message_id IS NOT NULL
        AND contains(transform(facets.email_channel.mail_event.mail.destination, a -> lower(a)), lower(:address))
    GROUP BY facets.email_channel.mail_event.mail.message_id
) AS messages
WHERE sent_hour >= :since
ORDER BY when_sent DESC, email_subject, message_id
