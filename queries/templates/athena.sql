-- about: Wraps a typed query on Athena, which returns a map, an array or a row as text that cannot be parsed.
-- name: columns
SELECT * FROM (
{query}
) LIMIT 0

-- name: as_json
SELECT {columns} FROM (
{query}
) AS due_rows ({names})

-- name: in_order
ORDER BY {keys}

-- name: json_column
CAST({column} AS json) AS {name}

-- name: column
{column} AS {name}

-- name: view
CREATE OR REPLACE VIEW {name} AS
{query}
