-- title: Transactional email count by SES tag or context
-- about: Sends with a given message tag (SES) or context attribute (Pinpoint).
-- source: guide, appendix B, "Transactional email count by Amazon SES tag or Amazon Pinpoint context"
-- columns: sends
-- note: the AWS solution stored the keys of its maps in lower case, so the key is looked up as it is, then in lower case
-- note: a tag of SES may have several values, which are joined with commas; one of them is enough
-- option: tag KEY=VALUE required Message tag or context attribute, and its value.
-- lookback: 1d
-- example: due report send-count-by-tag --tag mycustomerid=4
SELECT COUNT(*) AS sends
FROM (
    SELECT MIN(ingest_timestamp) AS sent_hour
    FROM all_events
    WHERE
        event_type = '_email.send'
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND facets.email_channel.mail_event.mail.message_id IS NOT NULL
        AND strpos(',' || COALESCE(
            element_at(attributes, :tag_key),
            element_at(client_context.custom, :tag_key),
            element_at(attributes, lower(:tag_key)),
            element_at(client_context.custom, lower(:tag_key))
        ) || ',', ',' || :tag_value || ',') > 0
    GROUP BY facets.email_channel.mail_event.mail.message_id
) AS messages
WHERE sent_hour >= :since
ORDER BY sends
