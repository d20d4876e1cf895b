-- What happens when: one narrow row for each event of a sender's messages, in the order of arrival.
-- $begin, $span: the time (epoch ms) that messages are sent in; $first, $messages: their numbers.

-- name: chance
CREATE OR REPLACE MACRO chance(number, what) AS CAST(hash(concat(number, what)) >> 11 AS DOUBLE) / 9007199254740992.0

-- name: entry
CREATE OR REPLACE MACRO entry(name, content) AS struct_pack("key" := name, "value" := content)

-- name: message
CREATE OR REPLACE TABLE message AS
SELECT
    $first + range AS m,
    CAST($begin + range * ($span / $messages) AS BIGINT) AS sent,
    CASE
        WHEN chance(m, 'family') < 0.55 THEN 'ses'
        WHEN chance(m, 'family') < 0.78 THEN 'pinpoint'
        WHEN chance(m, 'family') < 0.93 THEN 'sms'
        ELSE 'app'
    END AS family,
    CAST(sent + 400 + 8600 * chance(m, 'arrived') AS BIGINT) AS arrived,
    chance(m, 'fate') AS fate
FROM range($messages)

-- name: event
CREATE OR REPLACE TABLE event AS
WITH mail AS (
    SELECT * FROM message WHERE family IN ('ses', 'pinpoint')
),
reader AS (
    SELECT *, 1 + least(7, CAST(floor(-1.3 * ln(1 - chance(m, 'opens'))) AS INTEGER)) AS opens
    FROM mail
    WHERE fate >= 0.023 AND chance(m, 'reader') < 0.45
),
happened AS (
    SELECT m, family, sent, '_email.send' AS event_type, 0 AS seq, sent AS own_time FROM mail
    UNION ALL
    SELECT m, family, sent, '_email.rejected', 0, sent + 200 FROM mail WHERE chance(m, 'reject') < 0.0005
    UNION ALL
    SELECT m, family, sent, '_email.hardbounce', 0, arrived FROM mail WHERE fate < 0.013
    UNION ALL
    SELECT m, family, sent, '_email.softbounce', seq, arrived + seq * 1800000
    FROM (SELECT *, unnest(range(1 + CAST(chance(m, 'again') * 2 AS INTEGER))) AS seq FROM mail)
    WHERE fate >= 0.013 AND fate < 0.023
    UNION ALL
    SELECT m, family, sent, '_email.delivered', 0, arrived FROM mail WHERE fate >= 0.023
    UNION ALL
    SELECT m, family, sent, '_email.open', seq, CAST(arrived - 21600000 * ln(1 - chance(m * 16 + seq, 'open')) AS BIGINT)
    FROM (SELECT *, unnest(range(opens)) AS seq FROM reader)
    UNION ALL
    SELECT m, family, sent, '_email.click', seq, CAST(arrived - 21600000 * ln(1 - chance(m * 16 + seq, 'click')) AS BIGINT)
    FROM (SELECT *, unnest(range(1 + CAST(chance(m, 'clicks') * 1.6 AS INTEGER))) AS seq FROM reader)
    WHERE chance(m, 'clicker') < 0.25
    UNION ALL
    SELECT m, family, sent, '_email.unsubscribe', 0, CAST(arrived + 43200000 * chance(m, 'left') AS BIGINT)
    FROM reader
    WHERE chance(m, 'leaver') < 0.01
    UNION ALL
    SELECT m, family, sent, '_email.complaint', 0, CAST(arrived + 43200000 * chance(m, 'annoyed') AS BIGINT)
    FROM mail
    WHERE fate > 0.999
    UNION ALL
    SELECT m, family, sent, '_campaign.send', 0, sent - 5 FROM mail WHERE family = 'pinpoint' AND chance(m, 'sender') < 0.6
    UNION ALL
    SELECT m, family, sent, '_journey.send', 0, sent - 5
    FROM mail
    WHERE family = 'pinpoint' AND chance(m, 'sender') >= 0.6 AND chance(m, 'sender') < 0.75
    UNION ALL
    SELECT m, family, sent, '_SMS.BUFFERED', 0, sent FROM message WHERE family = 'sms'
    UNION ALL
    SELECT m, family, sent, CASE WHEN fate < 0.04 THEN '_SMS.FAILURE' ELSE '_SMS.SUCCESS' END, 0, sent + 8 * (arrived - sent)
    FROM message
    WHERE family = 'sms'
    UNION ALL
    SELECT m, family, sent, '_SMS.OPTOUT', 0, sent + 600000 FROM message WHERE family = 'sms' AND fate > 0.998
    UNION ALL
    SELECT m, family, sent, unnest(['_session.start', 'basket', 'purchase']), 0, sent + unnest([0, 90000, 240000])
    FROM message
    WHERE family = 'app'
),
delivered AS (
    SELECT
        *,
        own_time + 900 + CASE
            WHEN chance(m * 16 + seq, event_type) < 0.01
                THEN CAST(21600000 * chance(m * 16 + seq, 'late') AS BIGINT)
            ELSE 0
        END AS arrival,
        CASE WHEN chance(m * 16 + seq, event_type) > 0.997 THEN [0, 1] ELSE [0] END AS deliveries
    FROM happened
)
SELECT * EXCLUDE (delivery, deliveries)
FROM (SELECT *, unnest(deliveries) AS delivery FROM delivered)
WHERE arrival >= $filed_from AND arrival < $filed_until
ORDER BY arrival, m, seq
