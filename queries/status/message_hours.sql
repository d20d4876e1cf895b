-- about: The hours under which events of one message, or of several, are filed: far fewer columns than the events.
SELECT DISTINCT ingest_timestamp
FROM all_events
WHERE
    ingest_timestamp >= :since
    AND (
        facets.email_channel.mail_event.mail.message_id IN (:message_id)
        OR element_at(attributes, 'message_id') IN (:message_id)
        OR element_at(details, 'previousPublishedMessageId') IN (:message_id)
        OR replace(replace(element_at(details, 'mail.commonHeaders.messageId'), '<', ''), '>', '') IN (:message_id)
    )
