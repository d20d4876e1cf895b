-- How values of files that due did not write become values of the table: an expression of x for each pair of types,
-- named TARGET_from_SOURCE. What has no line here cannot be read. An expression that is NULL for some x says TRY.
-- Every bigint of the table is a time in epoch milliseconds ("millis"); "integer" has 64 bits at most.

-- name: text_from_text
CAST(x AS VARCHAR)

-- name: text_from_integer
CAST(x AS VARCHAR)

-- name: text_from_number
CAST(x AS VARCHAR)

-- name: text_from_boolean
CAST(x AS VARCHAR)

-- name: text_from_time
CAST(x AS VARCHAR)

-- name: text_from_other
CAST(x AS VARCHAR)

-- name: text_from_struct
CAST(to_json(x) AS VARCHAR)

-- name: text_from_map
CAST(to_json(x) AS VARCHAR)

-- name: text_from_list
CAST(to_json(x) AS VARCHAR)

-- name: account_from_integer
-- An account's id has 12 digits; a number lacks the zeros that it begins with.
lpad(CAST(x AS VARCHAR), CAST(greatest(12, length(CAST(x AS VARCHAR))) AS INTEGER), '0')

-- name: account_from_number
account_from_integer(TRY_CAST(x AS BIGINT))

-- name: millis_from_integer
-- Seconds, microseconds and nanoseconds of the years 2000 to 2100; any other number is milliseconds.
CASE
    WHEN x BETWEEN 946684800 AND 4102444799 THEN CAST(x AS BIGINT) * 1000
    WHEN x BETWEEN 946684800000000 AND 4102444799999999 THEN CAST(x AS BIGINT) // 1000
    WHEN x BETWEEN 946684800000000000 AND 4102444799999999999 THEN CAST(x AS BIGINT) // 1000000
    ELSE CAST(x AS BIGINT)
END

-- name: millis_from_number
CASE
    WHEN x BETWEEN 946684800 AND 4102444799 THEN TRY_CAST(round(x * 1000) AS BIGINT)
    ELSE millis_from_integer(TRY_CAST(trunc(x) AS BIGINT))
END

-- name: millis_from_text
COALESCE(
    millis_from_number(TRY_CAST(x AS DECIMAL(30, 6))),
    epoch_ms(CAST(
        TRY_CAST(regexp_replace(replace(trim(x), ',', '.'), ' ([+-])', '\1') AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP
    ))
)

-- name: millis_from_time
epoch_ms(CAST(x AS TIMESTAMP))

-- name: integer_from_integer
TRY_CAST(x AS INTEGER)

-- name: integer_from_number
TRY_CAST(x AS INTEGER)

-- name: integer_from_text
TRY_CAST(x AS INTEGER)

-- name: number_from_integer
CAST(x AS DOUBLE)

-- name: number_from_number
-- By its shortest text, so that 0.1 of 32 bits is 0.1.
CAST(CAST(x AS VARCHAR) AS DOUBLE)

-- name: number_from_text
TRY_CAST(x AS DOUBLE)

-- name: boolean_from_text
TRY_CAST(x AS BOOLEAN)

-- name: boolean_from_integer
CAST(x AS BOOLEAN)

-- name: object_in
CASE WHEN json_type(TRY_CAST(x AS JSON)) = 'OBJECT' THEN TRY_CAST(x AS JSON) END

-- name: array_in
CASE WHEN json_type(TRY_CAST(x AS JSON)) = 'ARRAY' THEN TRY_CAST(x AS JSON) END

-- name: map_of
-- Entries (k, v) as a map, which has no key twice: the last of them counts.
map_from_entries(list_filter(
    x,
    lambda entry, place: entry.k IS NOT NULL
        AND NOT list_contains(list_transform(x[place + 1:], lambda later: later.k), entry.k)
))
