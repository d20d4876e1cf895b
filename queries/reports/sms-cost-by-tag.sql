-- title: SMS cost by Amazon Pinpoint context parameter
-- about: Cost and number of SMS messages with a given context parameter.
-- source: guide, appendix B, "SMS cost by Amazon Pinpoint context parameter"
-- columns: cost_in_millicents, sends
-- note: a message's cost is the highest price on any of its events, counted once; SMS receipts may take 72 hours
-- option: tag KEY=VALUE required Context parameter and its value.
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
        array_distinct(array_agg(element_at(attributes, 'customer_context'))) AS contexts
    FROM all_events
    WHERE
        event_type IN ('_SMS.BUFFERED', '_SMS.SUCCESS', '_SMS.FAILURE', '_SMS.READ', '_SMS.OPTOUT')
        AND (event_type <> '_SMS.OPTOUT' OR element_at(attributes, 'record_status') IS NOT NULL)
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND element_at(attributes, 'message_id') IS NOT NULL
    GROUP BY element_at(attributes, 'message_id')
) AS messages
WHERE
    sent_hour >= :since
    AND contains(
        transform(
            contexts,
            context -> element_at(
                TRY(
                    transform_values(
                        CAST(json_parse(context) AS map(varchar, json)),
                        (k, v) -> CASE
                            WHEN json_format(v) <> 'null' THEN COALESCE(json_extract_scalar(v, '$'), json_format(v))
                        END
                    )
                ),
                :tag_key
            )
        ),
        :tag_value
    )
ORDER BY cost_in_millicents, sends
