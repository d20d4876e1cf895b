CREATE OR REPLACE VIEW custom_view_name AS
SELECT
  from_unixtime((event_timestamp / 1000)) event_timestamp
  , from_unixtime((arrival_timestamp / 1000)) arrival_timestamp
  , application.app_id application_id
  , client.client_id endpoint_id
  , awsaccountid aws_account_id
  , attributes['MyCustomEventAttribute1'] as custom_attr_1
  , attributes['MyCustomEventAttribute2'] as custom_attr_2
  ... continue as necessary ...

  , ingest_timestamp
FROM
all_events
WHERE (event_type = 'custom_event_name')
