-- Statements that DuckDB runs on the files of a local folder; due replaces {braces}, never by a user's text.

-- name: settings
SET TimeZone = 'UTC';
SET integer_division = true;
-- A common subexpression would be computed first, outside of the TRY around it.
SET disabled_optimizers = 'common_subexpressions';
SET threads = {threads};
SET memory_limit = '{memory}';
SET preserve_insertion_order = false;
SET enable_progress_bar = false;
SET disable_parquet_prefetching = true;
SET temp_directory = '{temporary}';

-- name: database
-- The names of Athena's console: "AwsDataCatalog"."due_eventdb"."all_events".
ATTACH ':memory:' AS awsdatacatalog;
CREATE SCHEMA awsdatacatalog."{database}";
USE awsdatacatalog."{database}"

-- name: no_other_files
-- What users type reads nothing else of the machine.
SET allowed_directories = {folders};
SET enable_external_access = false

-- name: in_order
SET preserve_insertion_order = true

-- name: spilled_rows
SELECT
    *,
    make_timestamp(arrival_timestamp // 3600000 * 3600000000) AS ingest_timestamp
FROM read_json({file}, format = 'newline_delimited', columns = {columns}, maximum_object_size = {largest})

-- name: own_rows
SELECT * EXCLUDE (filename)
FROM read_parquet({files}, filename = true)

-- name: own_rows_without
SELECT * EXCLUDE (filename)
FROM read_parquet({files}, filename = true)
WHERE event_id IS NULL OR event_id NOT IN (SELECT UNNEST($ids))

-- name: own_rows_of
SELECT *
FROM read_parquet({files}, filename = true)
WHERE event_id IN (SELECT UNNEST($ids))

-- name: all_events
CREATE OR REPLACE VIEW all_events AS
{selects}

-- name: set_files
SET VARIABLE {variable} = $files

-- name: hour_of_path
make_timestamp(
        CAST(substr(due_path, {place}, 4) AS BIGINT),
        CAST(substr(due_path, {place} + 5, 2) AS BIGINT),
        CAST(substr(due_path, {place} + 8, 2) AS BIGINT),
        CAST(substr(due_path, {place} + 11, 2) AS BIGINT),
        0,
        0
    )

-- name: every_event
SELECT * FROM all_events

-- name: events_with_ids
-- Those of which due can tell another delivery.
SELECT event_id, occurred_at FROM all_events WHERE {identified}

-- name: events_without
SELECT * FROM all_events WHERE NOT ({identified}) OR event_id NOT IN (SELECT UNNEST($ids))

-- name: events_of
SELECT * FROM all_events WHERE {identified} AND event_id IN (SELECT UNNEST($ids))

-- name: identified
COALESCE(
    event_type IS NOT NULL
    AND event_id IS NOT NULL
    AND occurred_at BETWEEN 0 AND 4102444799999
    AND arrival_timestamp BETWEEN 946684800000 AND 4102444799999,
    false
)

-- name: select_files
SELECT
    {columns},
    {ingest_timestamp} AS ingest_timestamp
FROM read_parquet(getvariable('{files}'), filename = 'due_path', hive_partitioning = false)

-- name: part_of_messages
CREATE MACRO due_part(message_id) AS hash(message_id) % {parts}

-- name: stored_facts
CREATE OR REPLACE VIEW stored_{family}_facts AS
SELECT *
FROM read_parquet(getvariable('facts_{family}'), hive_partitioning = false)

-- name: no_files
SELECT {columns}, CAST(NULL AS TIMESTAMP) AS ingest_timestamp WHERE false

-- name: columns_of_files
SELECT *
FROM read_parquet(getvariable('{files}'), hive_partitioning = false)

-- name: lost_values
SELECT
    {counts}
FROM read_parquet(getvariable('{files}'), filename = 'due_path', hive_partitioning = false)

-- name: records
SELECT CAST(json_strip_nulls(to_json(struct_pack({fields}))) AS VARCHAR)
FROM read_parquet(getvariable('{files}'), hive_partitioning = false)
