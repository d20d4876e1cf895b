-- The rows of the table for the narrow events of some hours; every value follows from the message's number.
-- A map is a list of entries here and becomes a map in Arrow, where that costs nothing.
WITH chosen AS (
    SELECT
        *,
        starts_with(event_type, '_email.') AS is_mail,
        starts_with(event_type, '_SMS.') AS is_sms,
        family = 'ses' AS is_ses,
        family = 'pinpoint' AND chance(m, 'sender') < 0.6 AS of_campaign,
        family = 'pinpoint' AND chance(m, 'sender') >= 0.6 AND chance(m, 'sender') < 0.75 AS of_journey,
        CAST(floor(chance(m, 'campaign') * 200) AS INTEGER) AS campaign,
        CAST(floor(400000 * pow(chance(m, 'customer'), 2)) AS INTEGER) AS customer,
        md5(CAST(m AS VARCHAR)) AS noise,
        md5(concat(m, event_type, seq)) AS own_noise
    FROM event
    WHERE arrival >= $first AND arrival < $last
),
named AS (
    SELECT
        *,
        concat('0100', printf('%012x', sent), '-', noise[1:8], '-', noise[9:20], '-000000') AS message_id,
        CASE WHEN is_ses THEN 'Example Shop <orders@shop.example.com>' ELSE 'offers@shop.example.com' END AS sender,
        list_concat(
            [CASE WHEN customer = 0 THEN 'example_address@example.com' ELSE concat('customer', customer, '@post', customer % 40, '.example.net') END],
            CASE
                WHEN is_ses AND chance(m, 'several') < 0.15 THEN [concat('customer', campaign + 400000, '@mail.example.org')]
                ELSE []
            END
        ) AS people,
        CASE
            WHEN chance(m, 'subject') < 0.001 THEN NULL
            WHEN of_campaign THEN concat('Offer ', campaign, ' ends on Sunday')
            WHEN chance(m, 'subject') < 0.4 THEN concat('Your order ', CAST(floor(chance(m, 'order') * 3000) AS INTEGER), ' is confirmed')
            ELSE 'Your parcel is on its way'
        END AS subject,
        concat('198.51.', CAST(floor(chance(m, 'net') * 250) AS INTEGER), '.', CAST(floor(chance(m, 'host') * 250) AS INTEGER)) AS ip,
        concat(
            'Mozilla/5.0 (iPhone; CPU iPhone OS 18_', CAST(floor(chance(m, 'agent') * 6) AS INTEGER),
            ' like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148'
        ) AS agent
    FROM chosen
),
tagged AS (
    SELECT
        *,
        CASE
            WHEN is_mail AND is_ses AND chance(m, 'tags') < 0.02 THEN NULL
            WHEN is_ses THEN [
                entry('ses:operation', 'SendEmail'),
                entry('ses:configuration-set', 'shop-events'),
                entry('ses:source-ip', '192.0.2.17'),
                entry('ses:from-domain', 'shop.example.com'),
                entry('ses:caller-identity', 'order-service'),
                entry('category', ['receipt', 'shipping', 'invoice', 'newsletter'][1 + campaign % 4]),
                entry('mycustomerid', CAST(CAST(floor(chance(m, 'tag') * 2000) AS INTEGER) AS VARCHAR))
            ]
            WHEN of_campaign THEN [
                entry('campaign_id', concat('5c2d8128c5d9958fd1029e194c', printf('%06x', campaign))),
                entry('treatment_id', '0'),
                entry('campaign_activity_id', concat('0694008866a04144cc452a188a', printf('%06x', campaign)))
            ]
            WHEN of_journey THEN [
                entry('journey_id', concat('448720022c7430a72606ed4e3a', printf('%06x', campaign % 20))),
                entry('journey_run_id', 'fab3d3b215655e7cce64cde63fb0b0bc'),
                entry('journey_activity_id', '3yNfvccqie')
            ]
            WHEN is_sms THEN list_concat(
                [
                    entry('sender_request_id', concat(noise[1:8], '-9b3b-80c2-f6f3-', noise[9:20])),
                    entry('origination_phone_number', '+15550100042'),
                    entry('destination_phone_number', concat('+1555', lpad(CAST(customer AS VARCHAR), 7, '0'))),
                    entry('record_status', CASE event_type WHEN '_SMS.BUFFERED' THEN 'ACCEPTED' WHEN '_SMS.SUCCESS' THEN 'DELIVERED' ELSE 'UNREACHABLE' END),
                    entry('iso_country_code', 'US'),
                    entry('number_of_message_parts', '1'),
                    entry('message_id', noise[1:20]),
                    entry('message_type', 'Transactional')
                ],
                CASE
                    WHEN chance(m, 'sender') < 0.3 THEN [entry('campaign_id', concat('02de44d50e9101b18f3644587d', printf('%06x', campaign % 50)))]
                    ELSE [entry('customer_context', concat('{"mycustomerid":"', CAST(floor(chance(m, 'tag') * 2000) AS INTEGER), '"}'))]
                END
            )
            WHEN family = 'app' THEN [entry('screen', 'basket'), entry('currency', 'EUR')]
            ELSE [entry('feedback', 'received')]
        END AS tags
    FROM named
)
SELECT
    event_type,
    CASE WHEN is_mail AND NOT is_ses THEN sent ELSE own_time END AS event_timestamp,
    CASE WHEN is_mail AND NOT is_ses THEN own_time ELSE arrival END AS arrival_timestamp,
    CASE WHEN NOT is_ses THEN '3.1' END AS event_version,
    CASE WHEN NOT is_ses THEN struct_pack(app_id := 'e5a9c9a4a0b9f3b2c2c0d4e6f4a9a2b1', sdk := []) END AS application,
    CASE
        WHEN NOT is_ses
            THEN struct_pack(client_id := concat(noise[1:8], '-8c7b-4904-dd36-', noise[9:20]), cognito_id := CAST(NULL AS VARCHAR))
    END AS client,
    CASE
        WHEN NOT is_ses
            THEN struct_pack(platform := CASE WHEN family = 'app' THEN [entry('name', 'ios'), entry('version', '18.5')] ELSE [] END)
    END AS device,
    CASE
        WHEN family = 'app' THEN [entry('session_id', noise[1:16])]
        WHEN NOT is_ses THEN []
    END AS session,
    tags AS attributes,
    CASE WHEN of_journey THEN struct_pack(custom := [entry('legacy_identifier', 'e5a9c9a4a0b9f3b2c2c0d4e6f4a9a2b1')]) END AS client_context,
    '123456789012' AS awsaccountid,
    CASE
        WHEN is_mail THEN struct_pack(email_channel := struct_pack(mail_event := struct_pack(
            mail := struct_pack(
                message_id := message_id,
                message_send_timestamp := sent,
                from_address := sender,
                destination := people,
                headers_truncated := false,
                headers := [
                    [entry('name', 'From'), entry('value', sender)],
                    [entry('name', 'To'), entry('value', array_to_string(people, ', '))],
                    [entry('name', 'Subject'), entry('value', coalesce(subject, ''))],
                    [entry('name', 'MIME-Version'), entry('value', '1.0')],
                    [entry('name', 'Content-Type'), entry('value', concat('multipart/alternative; boundary="----=_Part_', noise[21:28], '"'))]
                ],
                common_headers := struct_pack("from" := sender, "to" := people, subject := subject)
            ),
            send := CASE WHEN event_type = '_email.send' THEN [] END,
            delivery := CASE
                WHEN event_type = '_email.delivered' THEN struct_pack(
                    smtp_response := concat('250 2.0.0 OK ', own_noise[1:15], ' - gsmtp'),
                    reporting_mta := concat('a', campaign % 60, '-', campaign, '.smtp-out.amazonses.com'),
                    recipients := people,
                    processing_time_millis := CAST(own_time - sent AS INTEGER)
                )
            END,
            open := CASE WHEN event_type = '_email.open' THEN struct_pack(ip_address := ip, user_agent := agent) END,
            click := CASE
                WHEN event_type = '_email.click' THEN struct_pack(
                    ip_address := ip,
                    user_agent := agent,
                    link := concat('https://shop.example.com/offers/', campaign + seq, '?utm_source=mail&utm_medium=email'),
                    link_tags := CAST(NULL AS STRUCT("unsubscribeLinkTag" VARCHAR[]))
                )
            END,
            reject := CASE WHEN event_type = '_email.rejected' THEN struct_pack(reason := 'Bad content') END,
            complaint := CASE
                WHEN event_type = '_email.complaint' THEN struct_pack(
                    complained_recipients := list_transform(people, lambda one: struct_pack(email_address := one)),
                    feedback_id := concat('0100', own_noise),
                    user_agent := 'Yahoo!-Mail-Feedback/2.0',
                    complaint_feedback_type := 'abuse'
                )
            END,
            bounce := CASE
                WHEN event_type IN ('_email.hardbounce', '_email.softbounce') THEN struct_pack(
                    bounce_type := CASE event_type WHEN '_email.hardbounce' THEN 'Permanent' ELSE 'Transient' END,
                    bounce_sub_type := 'General',
                    bounced_recipients := list_transform(
                        people,
                        lambda one: struct_pack(
                            email_address := one, action := 'failed', status := '5.1.1', diagnostic_code := 'smtp; 550 5.1.1 user unknown'
                        )
                    ),
                    feedback_id := concat('0100', own_noise),
                    reporting_mta := 'dsn; a8-31.smtp-out.amazonses.com'
                )
            END
        )))
    END AS facets,
    CASE WHEN is_sms THEN struct_pack(price_in_millicents_usd := CAST(645.0 + campaign AS DOUBLE)) END AS metrics,
    translate(substr(to_base64(unhex(own_noise)), 1, 22), '+/', '-_') AS event_id,
    CASE WHEN is_ses THEN 'ses' ELSE 'pinpoint' END AS source,
    own_time AS occurred_at,
    CASE
        WHEN is_sms THEN [entry('price_in_millicents_usd', CAST(645.0 + campaign AS DOUBLE))]
        WHEN family = 'app' THEN [entry('amount', CAST(campaign AS DOUBLE))]
    END AS metric_values,
    CASE
        WHEN is_ses THEN [
            entry('mail.sourceArn', 'arn:aws:ses:us-east-1:123456789012:identity/shop.example.com'),
            entry('mail.commonHeaders.messageId', message_id)
        ]
    END AS details,
    arrival AS filed
FROM tagged
ORDER BY arrival
