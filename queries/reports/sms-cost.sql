-- title: SMS cost analysis
-- about: SMS cost per campaign; messages sent through the API appear under No Campaign.
-- source: guide, appendix B, "SMS cost analysis"
-- columns: campaign, cost_in_millicents, sends
-- note: a message's cost is the highest price on any of its events, counted once; SMS receipts may take 72 hours
-- note: an opt-out without a record status is a reply, not a sent message
-- lookback: 73h
-- example: due report sms-cost --since 30d
SELECT
    COALESCE(campaign_id, 'No Campaign') AS campaign,
    CAST(COALESCE(SUM(TRY_CAST(price AS decimal(18, 6))), 0) AS double) AS cost_in_millicents,
    COUNT(*) AS sends
FROM (
    SELECT
        COALESCE(
            MIN(CASE WHEN event_type = '_SMS.BUFFERED' THEN ingest_timestamp END),
            MIN(ingest_timestamp)
        ) AS sent_hour,
        MAX(element_at(attributes, 'campaign_id')) AS campaign_id,
        MAX(metrics.price_in_millicents_usd) AS price
    FROM all_events
    WHERE
        event_type IN ('_SMS.BUFFERED', '_SMS.SUCCESS', '_SMS.FAILURE', '_SMS.READ', '_SMS.OPTOUT')
        AND (event_type <> '_SMS.OPTOUT' OR element_at(attributes, 'record_status') IS NOT NULL)
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND element_at(attributes, 'message_id') IS NOT NULL
    GROUP BY element_at(attributes, 'message_id')
) AS messages
WHERE sent_hour >= :since
GROUP BY COALESCE(campaign_id, 'No Campaign')
ORDER BY cost_in_millicents DESC, campaign
