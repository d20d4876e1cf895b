SELECT DATE_TRUNC('hour', a.ingest_timestamp) time_window,
COUNT(a.message_id) total_sends,
COUNT(b.message_id) total_opens,
COUNT(c.message_id) total_clicks,
COUNT(d.message_id) total_unsubs,
CAST(COUNT(b.message_id) as double) / CAST(COUNT(a.message_id) as double) open_rate,
CAST(COUNT(c.message_id) as double) / CAST(COUNT(a.message_id) as double) click_rate,
CAST(COUNT(d.message_id) as double) / CAST(COUNT(a.message_id) as double) unsub_rate
FROM email_send a
LEFT JOIN email_open b ON a.message_id = b.message_id
LEFT JOIN email_click c ON a.message_id = c.message_id
LEFT JOIN email_unsubscribe d ON a.message_id = d.message_id
WHERE a.ingest_timestamp > current_timestamp - interval '30' day
GROUP BY 1
ORDER BY 1 DESC
