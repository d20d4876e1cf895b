-- title: Email address engagement analysis
-- about: Last open or click per address, for addresses that have been sent many messages for a while.
-- source: guide, appendix B, "Email address engagement analysis"
-- note: an open of a message to several recipients counts for each of them; SES does not say whose it was
-- note: Pinpoint's event_timestamp repeats the send time, so its arrival_timestamp is the time of the event
-- since: 6mo
-- option: min-sends INTEGER 10 Minimum number of messages sent to an address.
-- option: known-for DURATION 3mo Minimum time from the first delivery to an address until --until.
-- lookback: 1d
-- example: due report address-engagement --min-sends 5 --known-for 2w
SELECT
    to_address,
    num_sends,
    CAST(from_unixtime(last_delivered / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS max_delivered_timestamp,
    CAST(from_unixtime(first_delivered / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS min_delivered_timestamp,
    CAST(from_unixtime(last_engaged / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS last_engagement
FROM (
    SELECT
        to_address,
        COUNT(*) AS num_sends,
        MAX(last_delivered) AS last_delivered,
        MIN(first_delivered) AS first_delivered,
        MAX(last_engaged) AS last_engaged
    FROM (
        SELECT
            MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END) AS sent_hour,
            MAX(
                CASE
                    WHEN event_type = '_email.send'
                        THEN element_at(facets.email_channel.mail_event.mail.destination, 1)
                END
            ) AS first_address,
            arbitrary(
                CASE
                    WHEN event_type = '_email.send' AND cardinality(facets.email_channel.mail_event.mail.destination) > 1
                        THEN facets.email_channel.mail_event.mail.destination
                END
            ) AS several,
            MAX(CASE WHEN event_type = '_email.delivered' THEN own_time END) AS last_delivered,
            MIN(CASE WHEN event_type = '_email.delivered' THEN own_time END) AS first_delivered,
            MAX(CASE WHEN event_type IN ('_email.open', '_email.click') THEN own_time END) AS last_engaged
        FROM (
            SELECT
                event_type,
                ingest_timestamp,
                facets,
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
            event_type IN ('_email.send', '_email.delivered', '_email.open', '_email.click')
            AND ingest_timestamp >= :read_from
            AND ingest_timestamp < :until
            AND facets.email_channel.mail_event.mail.message_id IS NOT NULL
        GROUP BY facets.email_channel.mail_event.mail.message_id
    ) AS messages
    CROSS JOIN UNNEST(COALESCE(array_distinct(several), ARRAY[first_address])) AS addressed (to_address)
    WHERE sent_hour >= :since AND to_address IS NOT NULL
    GROUP BY to_address
) AS addresses
WHERE
    num_sends >= :min_sends
    AND CAST(from_unixtime(first_delivered / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) <= :known_for
ORDER BY num_sends DESC, to_address
