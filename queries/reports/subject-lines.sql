-- title: All subject lines sent to an email address
-- about: Messages sent to one address, and whether each was opened.
-- source: guide, appendix B, "All subject lines sent to an email address"
-- columns: when_sent, email_subject, did_open
-- note: the send of an SES template lacks the subject, so any event of the message may name it
-- option: address TEXT required Recipient's address, case-insensitive.
-- opens: did_open
-- lookback: 1d
-- rows: recipients IS NULL OR contains(transform(recipients, a -> lower(a)), lower(:address))
-- example: due report subject-lines --address jane@example.com
SELECT
    CAST(from_unixtime(sent_at / 1e3) AT TIME ZONE 'UTC' AS timestamp(3)) AS when_sent,
    subject AS email_subject,
    COALESCE(opened, 0) AS did_open
FROM email_messages
WHERE sent_hour >= :since AND recipients IS NOT NULL
ORDER BY when_sent DESC, email_subject, message_id
