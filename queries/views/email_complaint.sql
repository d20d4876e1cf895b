-- about: A recipient reported a message as spam; one row for each complaining recipient, or one where none is named.
-- source: guide, appendix A, email_complaint
CREATE OR REPLACE VIEW email_complaint AS
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
    recipient.email_address AS complained_email_address,
    facets.email_channel.mail_event.complaint.feedback_id AS feedback_id,
    facets.email_channel.mail_event.complaint.user_agent AS user_agent,
    facets.email_channel.mail_event.complaint.complaint_feedback_type AS complaint_feedback_type,
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
        cardinality(facets.email_channel.mail_event.complaint.complained_recipients) > 0,
        transform(facets.email_channel.mail_event.complaint.complained_recipients, r -> r.email_address),
        ARRAY[CAST(NULL AS varchar)]
    )
) AS recipient (email_address)
WHERE event_type = '_email.complaint'
