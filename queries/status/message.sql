-- about: Every event that says something of one message, or of several, for ids that the status store does not know.
SELECT
    event_type,
    event_timestamp,
    arrival_timestamp,
    client,
    attributes,
    awsaccountid,
    facets,
    metrics,
    event_id,
    source,
    occurred_at,
    details
FROM all_events
WHERE
    ingest_timestamp >= :since
    AND (
        facets.email_channel.mail_event.mail.message_id IN (:message_id)
        OR element_at(attributes, 'message_id') IN (:message_id)
        OR element_at(details, 'previousPublishedMessageId') IN (:message_id)
        OR replace(replace(element_at(details, 'mail.commonHeaders.messageId'), '<', ''), '>', '') IN (:message_id)
    )
