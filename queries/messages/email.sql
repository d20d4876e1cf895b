-- about: One row a message of email, of its events; a report on it names email_messages.
-- note: every column of email_facts is a least or greatest value or a set: merged of a message's events, and of what was
-- note: merged of some of them, it is the same, in any order and however often an event was delivered
-- note: Pinpoint's event_timestamp repeats the send time, so its arrival_timestamp is the time of the event

-- name: email_events
SELECT
    event_type,
    ingest_timestamp,
    event_timestamp,
    attributes,
    client_context.custom AS custom,
    details,
    facets.email_channel.mail_event.mail.message_id AS message_id,
    facets.email_channel.mail_event.mail.from_address AS from_address,
    facets.email_channel.mail_event.mail.destination AS destination,
    facets.email_channel.mail_event.mail.common_headers.subject AS subject,
    facets.email_channel.mail_event.click.link AS link,
    facets.email_channel.mail_event.bounce.bounce_type AS bounce_type,
    facets.email_channel.mail_event.bounce.bounce_sub_type AS bounce_sub_type,
    NULLIF(
        array_join(
            transform(facets.email_channel.mail_event.bounce.bounced_recipients, r -> r.diagnostic_code), '; '
        ),
        ''
    ) AS diagnostic_codes,
    CASE
        WHEN application.app_id IS NOT NULL OR event_version IS NOT NULL
            THEN COALESCE(arrival_timestamp, event_timestamp)
        ELSE event_timestamp
    END AS own_time
FROM all_events
WHERE
    event_type IN (
        '_email.send', '_email.delivered', '_email.open', '_email.click', '_email.unsubscribe', '_email.hardbounce',
        '_email.softbounce', '_email.complaint', '_email.rejected', '_email.rendering_failure',
        '_email.delivery_delay', '_email.subscription'
    )
    AND ingest_timestamp >= :read_from
    AND ingest_timestamp < :until
    AND facets.email_channel.mail_event.mail.message_id IS NOT NULL

-- name: email_facts
SELECT
    message_id,
    CASE WHEN event_type = '_email.send' THEN ingest_timestamp END AS sent_hour,
    CASE WHEN event_type = '_email.send' THEN event_timestamp END AS sent_at,
    CASE WHEN event_type = '_email.send' THEN subject END AS send_subject,
    subject AS any_subject,
    CASE WHEN event_type = '_email.send' THEN element_at(attributes, 'campaign_id') END AS send_campaign_id,
    element_at(attributes, 'campaign_id') AS any_campaign_id,
    CASE WHEN event_type = '_email.send' THEN element_at(attributes, 'journey_id') END AS send_journey_id,
    element_at(attributes, 'journey_id') AS any_journey_id,
    CASE WHEN event_type = '_email.send' THEN element_at(attributes, 'ses:configuration-set') END AS configuration_set,
    CASE WHEN event_type = '_email.send' THEN from_address END AS from_address,
    CASE WHEN event_type = '_email.send' THEN element_at(details, 'mail.sourceArn') END AS source_arn,
    CASE
        WHEN event_type = '_email.send'
            THEN ARRAY[
                CASE
                    WHEN custom IS NULL THEN COALESCE(attributes, CAST(MAP() AS map(varchar, varchar)))
                    ELSE map_concat(custom, COALESCE(attributes, CAST(MAP() AS map(varchar, varchar))))
                END
            ]
    END AS tags,
    destination AS recipients,
    CASE WHEN event_type = '_email.delivered' THEN 1 END AS delivered,
    CASE WHEN event_type = '_email.delivered' THEN own_time END AS delivered_at,
    CASE WHEN event_type = '_email.open' THEN 1 END AS opened,
    CASE WHEN event_type = '_email.open' THEN own_time END AS opened_at,
    CASE WHEN event_type = '_email.open' THEN ARRAY[own_time] END AS open_times,
    CASE WHEN event_type = '_email.click' THEN 1 END AS clicked,
    CASE WHEN event_type = '_email.click' THEN own_time END AS clicked_at,
    CASE
        WHEN event_type = '_email.click' THEN ARRAY[CAST(own_time AS varchar) || COALESCE(' ' || link, '')]
    END AS click_keys,
    CASE WHEN event_type = '_email.unsubscribe' THEN 1 END AS unsubscribed,
    CASE WHEN event_type = '_email.unsubscribe' THEN own_time END AS unsubscribed_at,
    CASE WHEN event_type = '_email.hardbounce' THEN 1 END AS hardbounced,
    CASE WHEN event_type = '_email.hardbounce' THEN own_time END AS hardbounced_at,
    CASE WHEN event_type = '_email.softbounce' THEN 1 END AS softbounced,
    CASE WHEN event_type = '_email.softbounce' THEN own_time END AS softbounced_at,
    CASE WHEN event_type = '_email.complaint' THEN 1 END AS complained,
    CASE WHEN event_type = '_email.complaint' THEN own_time END AS complained_at,
    CASE WHEN event_type = '_email.rejected' THEN 1 END AS rejected,
    CASE WHEN event_type = '_email.rendering_failure' THEN 1 END AS rendering_failed,
    CASE WHEN event_type = '_email.delivery_delay' THEN 1 END AS delayed,
    CASE WHEN event_type = '_email.hardbounce' THEN bounce_type || COALESCE('/' || bounce_sub_type, '') END AS hardbounce,
    CASE WHEN event_type = '_email.softbounce' THEN bounce_type || COALESCE('/' || bounce_sub_type, '') END AS softbounce,
    CASE WHEN event_type = '_email.hardbounce' THEN diagnostic_codes END AS hardbounce_text,
    CASE WHEN event_type = '_email.softbounce' THEN diagnostic_codes END AS softbounce_text
FROM email_events

-- name: email_merged
SELECT
    message_id,
    MIN(sent_hour) AS sent_hour,
    MIN(sent_at) AS sent_at,
    MAX(send_subject) AS send_subject,
    MAX(any_subject) AS any_subject,
    MAX(send_campaign_id) AS send_campaign_id,
    MAX(any_campaign_id) AS any_campaign_id,
    MAX(send_journey_id) AS send_journey_id,
    MAX(any_journey_id) AS any_journey_id,
    MAX(configuration_set) AS configuration_set,
    MAX(from_address) AS from_address,
    MAX(source_arn) AS source_arn,
    array_distinct(flatten(array_agg(tags) FILTER (WHERE tags IS NOT NULL))) AS tags,
    array_distinct(flatten(array_agg(recipients) FILTER (WHERE recipients IS NOT NULL))) AS recipients,
    MAX(delivered) AS delivered,
    MIN(delivered_at) AS delivered_at,
    MAX(opened) AS opened,
    MIN(opened_at) AS opened_at,
    array_distinct(flatten(array_agg(open_times) FILTER (WHERE open_times IS NOT NULL))) AS open_times,
    MAX(clicked) AS clicked,
    MIN(clicked_at) AS clicked_at,
    array_distinct(flatten(array_agg(click_keys) FILTER (WHERE click_keys IS NOT NULL))) AS click_keys,
    MAX(unsubscribed) AS unsubscribed,
    MIN(unsubscribed_at) AS unsubscribed_at,
    MAX(hardbounced) AS hardbounced,
    MIN(hardbounced_at) AS hardbounced_at,
    MAX(softbounced) AS softbounced,
    MIN(softbounced_at) AS softbounced_at,
    MAX(complained) AS complained,
    MIN(complained_at) AS complained_at,
    MAX(rejected) AS rejected,
    MAX(rendering_failed) AS rendering_failed,
    MAX(delayed) AS delayed,
    MAX(hardbounce) AS hardbounce,
    MAX(softbounce) AS softbounce,
    MAX(hardbounce_text) AS hardbounce_text,
    MAX(softbounce_text) AS softbounce_text
FROM email_facts
GROUP BY message_id

-- name: email_messages
SELECT
    message_id,
    sent_hour,
    sent_at,
    COALESCE(send_subject, any_subject) AS subject,
    COALESCE(send_campaign_id, any_campaign_id) AS campaign_id,
    COALESCE(send_journey_id, any_journey_id) AS journey_id,
    configuration_set,
    from_address,
    regexp_extract(source_arn, 'identity/(.+)$', 1) AS identity,
    tags,
    recipients,
    delivered,
    delivered_at,
    opened,
    opened_at,
    COALESCE(cardinality(open_times), 0) AS open_count,
    clicked,
    clicked_at,
    COALESCE(cardinality(click_keys), 0) AS click_count,
    unsubscribed,
    unsubscribed_at,
    hardbounced,
    hardbounced_at,
    softbounced,
    softbounced_at,
    complained,
    complained_at,
    rejected,
    rendering_failed,
    delayed,
    COALESCE(hardbounce, softbounce) AS bounce_type,
    COALESCE(hardbounce_text, softbounce_text) AS bounce_text
FROM email_merged
