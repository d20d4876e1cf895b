-- about: A temporary issue prevented delivery; one row for each bounced recipient, or one where none is named.
-- source: guide, appendix A, email_softbounce
CREATE OR REPLACE VIEW email_softbounce AS
SELECT
    CAST(from_unixtime(event_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS event_timestamp,
    CAST(from_unixtime(arrival_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS arrival_timestamp,
    application.app_id AS application_id,
    client.client_id AS endpoint_id,
    element_at(attributes, 'campaign_id') AS pinpoint_campaign_id,
    element_at(attributes, 'treatment_id') AS pinpoint_treatment_id,
    awsaccountid AS aws_account_id,
    facets.email_channel.mail_event.mail.message_id AS message_id,
    CAST(from_unixtime(facets.email_channel.mail_event.mail.message_send_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS message_send_timestamp,
    facets.email_channel.mail_event.mail.from_address AS from_address,
    facets.email_channel.mail_event.mail.destination AS destination,
    facets.email_channel.mail_event.bounce.bounce_type AS bounce_type,
    facets.email_channel.mail_event.bounce.bounce_sub_type AS bounce_sub_type,
    facets.email_channel.mail_event.bounce.feedback_id AS feedback_id,
    facets.email_channel.mail_event.bounce.reporting_mta AS reporting_mta,
    recipient.email_address AS bounced_recipient_email_address,
    recipient.action AS bounced_recipient_action,
    recipient.status AS bounced_recipient_status,
    recipient.diagnostic_code AS bounced_recipient_diagnostic_code,
    map_concat(
        COALESCE(client_context.custom, CAST(MAP() AS map(varchar, varchar))),
        COALESCE(attributes, CAST(MAP() AS map(varchar, varchar)))
    ) AS message_tags,
    ingest_timestamp,
    CAST(from_unixtime(occurred_at / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS occurred_at,
    source,
    event_id
FROM all_events
CROSS JOIN UNNEST(
    IF(
        cardinality(facets.email_channel.mail_event.bounce.bounced_recipients) > 0,
        transform(facets.email_channel.mail_event.bounce.bounced_recipients, r -> r.email_address),
        ARRAY[CAST(NULL AS varchar)]
    ),
    IF(
        cardinality(facets.email_channel.mail_event.bounce.bounced_recipients) > 0,
        transform(facets.email_channel.mail_event.bounce.bounced_recipients, r -> r.action),
        ARRAY[CAST(NULL AS varchar)]
    ),
    IF(
        cardinality(facets.email_channel.mail_event.bounce.bounced_recipients) > 0,
        transform(facets.email_channel.mail_event.bounce.bounced_recipients, r -> r.status),
        ARRAY[CAST(NULL AS varchar)]
    ),
    IF(
        cardinality(facets.email_channel.mail_event.bounce.bounced_recipients) > 0,
        transform(facets.email_channel.mail_event.bounce.bounced_recipients, r -> r.diagnostic_code),
        ARRAY[CAST(NULL AS varchar)]
    )
) AS recipient (email_address, action, status, diagnostic_code)
WHERE event_type = '_email.softbounce'
