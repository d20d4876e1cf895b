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
FROM phone_messages
WHERE
    sent_hour >= :since
    AND family = 'sms'
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
