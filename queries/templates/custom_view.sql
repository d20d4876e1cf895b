-- A view of one custom event (guide, appendix E). The AWS solution stored the keys of its maps in lower case, so each
-- key is looked up as it is and in lower case. {braces} are filled in by due: checked names, quoted literals.

-- name: view
CREATE OR REPLACE VIEW "{name}" AS
SELECT
    CAST(from_unixtime(event_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS event_timestamp,
    CAST(from_unixtime(arrival_timestamp / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS arrival_timestamp,
    application.app_id AS application_id,
    client.client_id AS endpoint_id,
    awsaccountid AS aws_account_id,{columns}
    ingest_timestamp
FROM all_events
WHERE event_type = {event_type}

-- name: attribute
COALESCE(element_at(attributes, {key}), element_at(attributes, {lower_key})) AS "{name}",

-- name: metric
COALESCE(element_at(metric_values, {key}), element_at(metric_values, {lower_key})) AS "{name}",
