SELECT
  COALESCE(pinpoint_campaign_id, 'No Campaign') as campaign,
  SUM(price_in_millicents_usd) as cost_in_millicents,
  COUNT(*) as sends
FROM sms_buffered
WHERE ingest_timestamp > current_timestamp - interval '30' day
GROUP BY pinpoint_campaign_id
