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
FROM phone_messages
WHERE sent_hour >= :since AND family = 'sms'
GROUP BY COALESCE(campaign_id, 'No Campaign')
ORDER BY cost_in_millicents DESC, campaign
