SELECT COUNT(*) FROM email_send
WHERE message_tags['mycustomerid'] = '4'
AND ingest_timestamp > current_timestamp - interval '30' day
