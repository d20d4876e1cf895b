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
FROM (
    SELECT
        MIN(CASE WHEN event_type = '_email.send' THEN ingest_timestamp END) AS sent_hour,
        COALESCE(
            MAX(CASE WHEN event_type = '_email.send' THEN element_at(attributes, 'campaign_id') END),
            MAX(element_at(attributes, 'campaign_id'))
        ) AS campaign_id,
        MAX(CASE WHEN event_type = '_email.open' THEN 1 END) AS opened,
        MAX(CASE WHEN event_type = '_email.click' THEN 1 END) AS clicked,
        MAX(CASE WHEN event_type = '_email.hardbounce' THEN 1 END) AS hardbounced,
        MAX(CASE WHEN event_type = '_email.softbounce' THEN 1 END) AS softbounced,
        MAX(CASE WHEN event_type = '_email.unsubscribe' THEN 1 END) AS unsubscribed
    FROM all_events
    WHERE
        event_type IN (
            '_email.send', '_email.delivered', '_email.open', '_email.click', '_email.unsubscribe', '_email.hardbounce',
            '_email.softbounce', '_email.complaint', '_email.rejected', '_email.rendering_failure',
            '_email.delivery_delay', '_email.subscription'
        )
        AND ingest_timestamp >= :read_from
        AND ingest_timestamp < :until
        AND facets.email_channel.mail_event.mail.message_id IS NOT NULL
    GROUP BY facets.email_channel.mail_event.mail.message_id
) AS messages
WHERE sent_hour >= :since AND campaign_id IS NOT NULL
GROUP BY campaign_id
ORDER BY sends DESC, pinpoint_campaign_id
