-- about: A recipient answered with an opt-out keyword.
-- source: guide, appendix A, sms_optout
CREATE OR REPLACE VIEW sms_optout AS
SELECT
    CAST(from_unixtime(event_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS event_timestamp,
    CAST(from_unixtime(arrival_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS arrival_timestamp,
    application.app_id AS application_id,
    client.client_id AS endpoint_id,
    element_at(attributes, 'campaign_id') AS pinpoint_campaign_id,
    element_at(attributes, 'treatment_id') AS pinpoint_treatment_id,
    awsaccountid AS aws_account_id,
    element_at(attributes, 'sender_request_id') AS sender_request_id,
    element_at(attributes, 'destination_phone_number') AS destination_phone_number,
    element_at(attributes, 'record_status') AS record_status,
    element_at(attributes, 'iso_country_code') AS iso_country_code,
    element_at(attributes, 'number_of_message_parts') AS number_of_message_parts,
    element_at(attributes, 'message_id') AS message_id,
    element_at(attributes, 'message_type') AS message_type,
    element_at(attributes, 'origination_phone_number') AS origination_phone_number,
    metrics.price_in_millicents_usd AS price_in_millicents_usd,
    TRY(
        transform_values(
            CAST(json_parse(element_at(attributes, 'customer_context')) AS map(varchar, json)),
            (k, v) -> CASE WHEN json_format(v) <> 'null' THEN COALESCE(json_extract_scalar(v, '$'), json_format(v)) END
        )
    ) AS message_tags,
    ingest_timestamp,
    CAST(from_unixtime(occurred_at / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS occurred_at,
    source,
    event_id
FROM all_events
WHERE event_type = '_SMS.OPTOUT'
