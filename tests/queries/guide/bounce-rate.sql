SELECT DATE_TRUNC('hour', a.ingest_timestamp) time_window,
  COUNT(a.message_id) total_sends,
  COUNT(b.message_id) total_hardbounces,
  COUNT(c.message_id) total_complaints,
  CAST(COUNT(b.message_id) as double) / CAST(COUNT(a.message_id) as double) bounce_rate,
  CAST(COUNT(c.message_id) as double) / CAST(COUNT(a.message_id) as double) complaint_rate
FROM email_send a
LEFT JOIN email_hardbounce b ON a.message_id = b.message_id
LEFT JOIN email_complaint c ON a.message_id = c.message_id
WHERE a.ingest_timestamp > current_timestamp - interval '30' day
GROUP BY 1
ORDER BY 1 DESC
