-- about: Every event of every source; one Parquet file or more for each hour of arrival.
-- source: guide, "Amazon Athena database"; the columns up to metrics are those of the AWS solution's table, in its order
CREATE EXTERNAL TABLE all_events (
    event_type string,
    event_timestamp bigint,
    arrival_timestamp bigint,
    event_version string,
    application struct<app_id:string,sdk:map<string,string>>,
    client struct<client_id:string,cognito_id:string>,
    device struct<platform:map<string,string>>,
    session map<string,string>,
    attributes map<string,string>,
    client_context struct<custom:map<string,string>>,
    awsaccountid string,
    facets struct<
        email_channel:struct<
            mail_event:struct<
                mail:struct<
                    message_id:string,
                    message_send_timestamp:bigint,
                    from_address:string,
                    destination:array<string>,
                    headers_truncated:boolean,
                    headers:array<map<string,string>>,
                    common_headers:struct<`from`:string,`to`:array<string>,subject:string>
                >,
                send:map<string,string>,
                delivery:struct<
                    smtp_response:string,
                    reporting_mta:string,
                    recipients:array<string>,
                    processing_time_millis:int
                >,
                open:struct<ip_address:string,user_agent:string>,
                click:struct<
                    ip_address:string,
                    user_agent:string,
                    link:string,
                    link_tags:struct<unsubscribeLinkTag:array<string>>
                >,
                reject:struct<reason:string>,
                complaint:struct<
                    complained_recipients:array<struct<email_address:string>>,
                    feedback_id:string,
                    user_agent:string,
                    complaint_feedback_type:string
                >,
                bounce:struct<
                    bounce_type:string,
                    bounce_sub_type:string,
                    bounced_recipients:array<struct<
                        email_address:string,
                        action:string,
                        status:string,
                        diagnostic_code:string
                    >>,
                    feedback_id:string,
                    reporting_mta:string
                >
            >
        >
    >,
    metrics struct<price_in_millicents_usd:double>,
    event_id string,
    source string,
    occurred_at bigint,
    metric_values map<string,double>,
    details map<string,string>
)
PARTITIONED BY (ingest_timestamp timestamp)
STORED AS PARQUET
LOCATION '{location}'
TBLPROPERTIES ('parquet.compression' = 'SNAPPY')
