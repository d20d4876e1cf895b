-- title: Campaign engagement analysis
-- about: Sends, opens, clicks, bounces and unsubscribes per campaign.
-- source: guide, appendix B, "Campaign engagement analysis"
-- columns: pinpoint_campaign_id, sends, opens, clicks, hard_bounces, soft_bounces, unsubs
-- note: only messages sent in the period count; a campaign is Pinpoint's or the SES message tag campaign_id
-- note: any event of a message may name its campaign; the send takes precedence
-- opens: opens
-- lookback: 1d
-- example: due report campaign-engagement --since 30d
SELECT
    campaign_id AS pinpoint_campaign_id,
    COUNT(*) AS sends,
    COUNT(opened) AS opens,
    COUNT(clicked) AS clicks,
    COUNT(hardbounced) AS hard_bounces,
    COUNT(softbounced) AS soft_bounces,
    COUNT(unsubscribed) AS unsubs
FROM email_messages
WHERE sent_hour >= :since AND campaign_id IS NOT NULL
GROUP BY campaign_id
ORDER BY sends DESC, pinpoint_campaign_id
