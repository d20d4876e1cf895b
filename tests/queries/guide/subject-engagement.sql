SELECT
  subject, COUNT(*) as sends,
  (SELECT COUNT(*) FROM email_open WHERE email_open.subject = email_send.subject AND
  ingest_timestamp > current_timestamp - interval '30' day) AS NumOpens,
  (SELECT COUNT(*) FROM email_click WHERE email_click.subject = email_send.subject AND
  ingest_timestamp > current_timestamp - interval '30' day) AS NumClicks,
  (SELECT COUNT(*) FROM email_unsubscribe WHERE email_unsubscribe.subject =
  email_send.subject AND ingest_timestamp > current_timestamp - interval '30' day) AS
  NumUnsubs
FROM email_send
WHERE ingest_timestamp > current_timestamp - interval '30' day
GROUP BY subject
ORDER BY COUNT(*) DESC
