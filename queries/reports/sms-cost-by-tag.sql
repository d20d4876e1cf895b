-- title: SMS cost by Amazon Pinpoint context parameter
-- about: What the SMS messages with one context parameter cost, and how many they were.
-- source: guide, appendix B, "SMS cost by Amazon Pinpoint context parameter"
-- note: a message costs the greatest price on any of its events, once; SMS receipts may take 72 hours
-- option: tag KEY=VALUE required The context parameter and its value.
-- lookback: 73h
-- example: due report sms-cost-by-tag --tag mycustomerid=4
SELECT
    CAST(COALESCE(SUM(TRY_CAST(price AS decimal(18, 6))), 0) AS double) AS cost_in_millicents,
    COUNT(*) AS sends
FROM (
    SELECT
        COALESCE(
            MIN(CASE WHEN event_type = '_SMS.BUFFERED' THEN ingest_timestamp END),
            MIN(ingest_timestamp)
        ) AS sent_hour,
        MAX(metrics.price_in_millicents_usd) AS price,
        MAX(
            CASE
                WHEN
                    json_format(parameter) <> 'null'
                    AND COALESCE(json_extract_scalar(parameter, '$'), json_format(parameter)) = :tag_value
                    THEN 1
            END
        ) AS tagged
    FROM (
        SELECT
            event_type,
            ingest_timestamp,
            attributes,
            metrics,
            TRY(
                element_at(
                    CAST(json_parse(element_at(attributes, 'customer_context')) AS map(varchar, json)), :tag_key
                )
            ) AS parameter
        FROM all_events
    ) AS events
    WHERE
        event_type IN ('_SMS.BUFFERED', '_SMS.SUCCESS', '_SMS.FAILURE', '_SMS.READ', '_SMS.OPTOUT')
        AND (event_type <> '_SMS.OPTOUT' OR element_at(attributes, 'record_status') IS NOT NULL)
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND element_at(attributes, 'message_id') IS NOT NULL
    GROUP BY element_at(attributes, 'message_id')
) AS messages
WHERE sent_hour >= :since AND tagged = 1
ORDER BY cost_in_millicents, sends
