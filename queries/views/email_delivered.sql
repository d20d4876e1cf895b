-- about: A message was delivered to its recipient.
-- source: guide, appendix A, email_delivered
CREATE OR REPLACE VIEW email_delivered AS
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
    facets.email_channel.mail_event.mail.common_headers.subject AS subject,
    facets.email_channel.mail_event.delivery.smtp_response AS smtp_response,
    facets.email_channel.mail_event.delivery.reporting_mta AS reporting_mta,
    facets.email_channel.mail_event.delivery.recipients AS recipients,
    facets.email_channel.mail_event.delivery.processing_time_millis AS processing_time_millis,
    map_concat(
        COALESCE(client_context.custom, CAST(MAP() AS map(varchar, varchar))),
        COALESCE(attributes, CAST(MAP() AS map(varchar, varchar)))
    ) AS message_tags,
    ingest_timestamp,
    CAST(from_unixtime(occurred_at / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS occurred_at,
    source,
    event_id
FROM all_events
WHERE event_type = '_email.delivered'
