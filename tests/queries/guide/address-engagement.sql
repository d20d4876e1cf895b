WITH dataset AS (
  SELECT
    a.destination,
    COUNT(a.arrival_timestamp) num_sends,
    MAX(b.arrival_timestamp) max_delivered_timestamp,
    MIN(b.arrival_timestamp) min_delivered_timestamp,
    MAX(c.arrival_timestamp) max_open_timestamp,
    MAX(d.arrival_timestamp) max_click_timestamp
  FROM email_send a
  LEFT JOIN email_delivered b ON a.message_id = b.message_id
LEFT JOIN email_open c ON a.message_id = c.message_id
LEFT JOIN email_click d ON a.message_id = d.message_id
WHERE a.ingest_timestamp > current_timestamp - interval '6' month
GROUP BY a.destination
)

SELECT
  to_address,
  num_sends,
  max_delivered_timestamp,
  min_delivered_timestamp,
  GREATEST(max_open_timestamp, max_click_timestamp) as last_engagement
FROM dataset
CROSS JOIN UNNEST(destination) as t(to_address)
WHERE min_delivered_timestamp < current_timestamp - interval '3' month
AND num_sends > 10
