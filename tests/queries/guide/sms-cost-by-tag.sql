SELECT SUM(price_in_millicents_usd) FROM sms_buffered
WHERE message_tags['mycustomerid'] = '4'
AND ingest_timestamp > current_timestamp - interval '30' day
