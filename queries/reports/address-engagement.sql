-- title: Email address engagement analysis
-- about: Last open or click per address, for addresses that have been sent many messages for a while.
-- source: guide, appendix B, "Email address engagement analysis"
-- columns: to_address, num_sends, max_delivered_timestamp, min_delivered_timestamp, last_engagement
-- note: an open of a message to several recipients counts for each of them; SES does not say whose it was
-- note: a delivery counts for the addresses that it names, or for all of its message where it names none
-- note: Pinpoint's event_timestamp repeats the send time, so its arrival_timestamp is the time of the event
-- since: 6mo
-- option: min-sends INTEGER 10 Minimum number of messages sent to an address.
-- option: known-for DURATION 3mo Minimum time from the first delivery to an address until --until.
-- opens: last_engagement
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
            address AS to_address,
            is_addressed,
            MIN(filed) OVER (PARTITION BY message_id) AS sent_hour,
            COALESCE(GREATEST(last_named, last_unnamed), last_named, last_unnamed) AS last_delivered,
            COALESCE(LEAST(first_named, first_unnamed), first_named, first_unnamed) AS first_delivered,
            engaged AS last_engaged
        FROM (
            SELECT
                message_id,
                address,
                is_addressed,
                filed,
                last_delivered AS last_named,
                first_delivered AS first_named,
                MAX(CASE WHEN address IS NULL THEN last_delivered END) OVER (PARTITION BY message_id) AS last_unnamed,
                MIN(CASE WHEN address IS NULL THEN first_delivered END) OVER (PARTITION BY message_id) AS first_unnamed,
                MAX(last_engaged) OVER (PARTITION BY message_id) AS engaged
            FROM (
                SELECT
                    message_id,
                    address,
                    MAX(CASE WHEN event_type = '_email.send' THEN 1 ELSE 0 END) AS is_addressed,
                    MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END) AS filed,
                    MAX(CASE WHEN event_type = '_email.delivered' THEN own_time END) AS last_delivered,
                    MIN(CASE WHEN event_type = '_email.delivered' THEN own_time END) AS first_delivered,
                    MAX(CASE WHEN event_type IN ('_email.open', '_email.click') THEN own_time END) AS last_engaged
                FROM (
                    SELECT
                        facets.email_channel.mail_event.mail.message_id AS message_id,
                        event_type,
                        ingest_timestamp,
                        CASE
                            WHEN event_type = '_email.send' THEN facets.email_channel.mail_event.mail.destination
                            WHEN event_type = '_email.delivered' THEN facets.email_channel.mail_event.delivery.recipients
                        END AS people,
                        CASE
                            WHEN application.app_id IS NOT NULL OR event_version IS NOT NULL
                                THEN COALESCE(arrival_timestamp, event_timestamp)
                            ELSE event_timestamp
                        END AS own_time
                    FROM all_events
                    WHERE
                        event_type IN ('_email.send', '_email.delivered', '_email.open', '_email.click')
                        AND ingest_timestamp >= :read_from
                        AND ingest_timestamp < :until
                        AND facets.email_channel.mail_event.mail.message_id IS NOT NULL
                ) AS events
                CROSS JOIN UNNEST(
                    IF(
                        cardinality(people) > 0,
                        transform(people, a -> lower(a)),
                        ARRAY[CAST(NULL AS varchar)]
                    )
                ) AS named (address)
                GROUP BY message_id, address
            ) AS people_of_messages
        ) AS with_unnamed
    ) AS addressed
    WHERE sent_hour >= :since AND is_addressed = 1 AND to_address IS NOT NULL
    GROUP BY to_address
) AS addresses
WHERE
    num_sends >= :min_sends
    AND CAST(from_unixtime(first_delivered / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) <= :known_for
ORDER BY num_sends DESC, to_address
