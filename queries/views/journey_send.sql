-- about: A journey was executed for an endpoint.
-- source: guide, appendix A, journey_send
CREATE OR REPLACE VIEW journey_send AS
SELECT
    CAST(from_unixtime(event_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS event_timestamp,
    CAST(from_unixtime(arrival_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS arrival_timestamp,
    application.app_id AS application_id,
    client.client_id AS endpoint_id,
    element_at(attributes, 'journey_run_id') AS journey_run_id,
    element_at(attributes, 'journey_send_status') AS journey_send_status,
    element_at(attributes, 'journey_id') AS journey_id,
    element_at(attributes, 'journey_activity_id') AS journey_activity_id,
    awsaccountid AS aws_account_id,
    map_concat(
        COALESCE(client_context.custom, CAST(MAP() AS map(varchar, varchar))),
        COALESCE(attributes, CAST(MAP() AS map(varchar, varchar)))
    ) AS message_tags,
    ingest_timestamp,
    CAST(from_unixtime(occurred_at / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS occurred_at,
    source,
    event_id
FROM all_events
WHERE event_type = '_journey.send'
