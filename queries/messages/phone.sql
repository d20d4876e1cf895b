-- about: One row a message to a phone (SMS, MMS, RCS; voice; WhatsApp), of its events; a report on it names phone_messages.
-- note: every column of phone_facts is a least or greatest value or a set, as those of email_facts
-- note: an opt-out without a record status is a reply, not a sent message

-- name: phone_events
SELECT
    CASE
        WHEN starts_with(event_type, '_SMS.') THEN 'sms'
        WHEN starts_with(event_type, '_VOICE.') THEN 'voice'
        ELSE 'whatsapp'
    END AS family,
    event_type,
    ingest_timestamp,
    event_timestamp,
    attributes,
    metrics.price_in_millicents_usd AS price,
    element_at(metric_values, 'carrier_fee_in_millicents_usd') AS fee,
    element_at(attributes, 'message_id') AS message_id
FROM all_events
WHERE
    event_type IN (
        '_SMS.BUFFERED', '_SMS.SUCCESS', '_SMS.FAILURE', '_SMS.READ', '_SMS.OPTOUT', '_VOICE.INITIATED',
        '_VOICE.RINGING', '_VOICE.ANSWERED', '_VOICE.COMPLETED', '_VOICE.BUSY', '_VOICE.NO_ANSWER', '_VOICE.FAILED',
        '_VOICE.TTL_EXPIRED', '_VOICE.SPAM', '_VOICE.PROTECT_BLOCKED', '_WHATSAPP.ACCEPTED', '_WHATSAPP.SENT',
        '_WHATSAPP.DELIVERED', '_WHATSAPP.READ', '_WHATSAPP.FAILED', '_WHATSAPP.DELETED', '_WHATSAPP.WARNING'
    )
    AND (event_type <> '_SMS.OPTOUT' OR element_at(attributes, 'record_status') IS NOT NULL)
    AND ingest_timestamp >= :read_from
    AND ingest_timestamp < :until
    AND element_at(attributes, 'message_id') IS NOT NULL

-- name: phone_facts
SELECT
    message_id,
    family,
    CASE WHEN event_type = '_SMS.BUFFERED' THEN ingest_timestamp END AS buffered_hour,
    ingest_timestamp AS first_hour,
    event_timestamp AS first_at,
    element_at(attributes, 'channel') AS channel,
    element_at(attributes, 'campaign_id') AS campaign_id,
    element_at(attributes, 'journey_id') AS journey_id,
    element_at(attributes, 'origination_phone_number') AS sender,
    element_at(attributes, 'destination_phone_number') AS recipient,
    element_at(attributes, 'iso_country_code') AS country,
    element_at(attributes, 'message_type') AS message_type,
    CASE
        WHEN element_at(attributes, 'customer_context') IS NOT NULL
            THEN ARRAY[element_at(attributes, 'customer_context')]
    END AS contexts,
    price,
    fee,
    CASE
        WHEN event_type IN ('_SMS.SUCCESS', '_SMS.READ', '_VOICE.COMPLETED', '_WHATSAPP.DELIVERED', '_WHATSAPP.READ')
            THEN event_timestamp
    END AS delivered_at,
    CASE WHEN event_type IN ('_SMS.READ', '_WHATSAPP.READ') THEN event_timestamp END AS read_at,
    CASE WHEN event_type IN ('_SMS.FAILURE', '_VOICE.FAILED', '_WHATSAPP.FAILED') THEN event_timestamp END AS failed_at,
    CASE WHEN event_type = '_SMS.OPTOUT' THEN event_timestamp END AS opted_out_at
FROM phone_events

-- name: phone_merged
SELECT
    message_id,
    family,
    MIN(buffered_hour) AS buffered_hour,
    MIN(first_hour) AS first_hour,
    MIN(first_at) AS first_at,
    MAX(channel) AS channel,
    MAX(campaign_id) AS campaign_id,
    MAX(journey_id) AS journey_id,
    MAX(sender) AS sender,
    MAX(recipient) AS recipient,
    MAX(country) AS country,
    MAX(message_type) AS message_type,
    array_distinct(flatten(array_agg(contexts) FILTER (WHERE contexts IS NOT NULL))) AS contexts,
    MAX(price) AS price,
    MAX(fee) AS fee,
    MIN(delivered_at) AS delivered_at,
    MIN(read_at) AS read_at,
    MIN(failed_at) AS failed_at,
    MIN(opted_out_at) AS opted_out_at
FROM phone_facts
GROUP BY message_id, family

-- name: phone_messages
SELECT
    message_id,
    family,
    COALESCE(buffered_hour, first_hour) AS sent_hour,
    first_at AS sent_at,
    channel,
    campaign_id,
    journey_id,
    sender,
    recipient,
    country,
    message_type,
    contexts,
    price,
    fee,
    delivered_at,
    read_at,
    failed_at,
    opted_out_at
FROM phone_merged
