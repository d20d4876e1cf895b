-- The state of a local folder, in SQLite: what due stores beside the Parquet files.

-- name: schema
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file (
    path TEXT PRIMARY KEY,
    hour INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    live INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
CREATE INDEX file_of_hour ON file (hour, live);
CREATE TABLE foreign_file (
    path TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    shape TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE seen (
    key BLOB PRIMARY KEY,
    digest BLOB NOT NULL,
    hour INTEGER NOT NULL,
    batch INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE status (message_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE variant (message_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE failed (
    id TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    kept_at TEXT NOT NULL,
    origin TEXT NOT NULL,
    bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE failed_part (id TEXT NOT NULL, part INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (id, part));
CREATE TABLE view (name TEXT PRIMARY KEY, sql TEXT NOT NULL, translated TEXT NOT NULL, needs TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE translation (key TEXT PRIMARY KEY, sql TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE first_release_hour (hour INTEGER PRIMARY KEY);
CREATE TABLE lost_event (key BLOB PRIMARY KEY, hour INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE replaced_file (
    path TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    moved INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- name: from_version_1
CREATE TABLE first_release_hour (hour INTEGER PRIMARY KEY)

-- name: from_version_2
ALTER TABLE seen RENAME COLUMN rank TO digest

-- name: from_version_3
CREATE TABLE lost_event (key BLOB PRIMARY KEY, hour INTEGER NOT NULL) WITHOUT ROWID

-- name: create_replaced_file
CREATE TABLE replaced_file (
    path TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    moved INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID

-- name: replaced_files
SELECT path, bytes, changed, moved FROM replaced_file ORDER BY path

-- name: replaced_originals
SELECT path, bytes, changed FROM replaced_file

-- name: set_replaced
INSERT INTO replaced_file (path, bytes, changed) VALUES (?, ?, ?)
ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, changed = excluded.changed, moved = 0

-- name: set_moved
UPDATE replaced_file SET moved = 1 WHERE path = ?

-- name: seen_hours
SELECT DISTINCT substr(key, 1, 4) FROM seen

-- name: first_release_hours
SELECT hour FROM first_release_hour ORDER BY hour

-- name: add_first_release_hour
INSERT OR IGNORE INTO first_release_hour (hour) VALUES (?)

-- name: meta
SELECT value FROM meta WHERE key = ?

-- name: all_meta
SELECT key, value FROM meta

-- name: set_meta
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: live_files
-- The file of a day has its first hour.
SELECT path, hour, rows, bytes FROM file WHERE live = 1 AND hour > ? - 24 AND hour < ? ORDER BY hour, path

-- name: all_live_files
SELECT path, hour, rows, bytes FROM file WHERE live = 1

-- name: is_listed
SELECT 1 FROM file WHERE path = ?

-- name: all_files
SELECT path, live FROM file

-- name: add_file
INSERT INTO file (path, hour, rows, bytes) VALUES (?, ?, ?, ?)

-- name: retire_file
UPDATE file SET live = 0 WHERE path = ?

-- name: retired_files
SELECT path FROM file WHERE live = 0

-- name: delete_file
DELETE FROM file WHERE path = ?

-- name: newest_hour
SELECT MAX(hour) FROM file WHERE live = 1

-- name: crowded_hours
SELECT hour FROM file
WHERE live = 1 AND bytes < ? AND path LIKE 'events/____/__/__/__/%'
GROUP BY hour HAVING COUNT(*) >= ? ORDER BY hour

-- name: foreign_shapes
SELECT path, bytes, changed, shape FROM foreign_file

-- name: set_foreign_shape
INSERT INTO foreign_file (path, bytes, changed, shape) VALUES (?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, changed = excluded.changed, shape = excluded.shape

-- name: delete_foreign_file
DELETE FROM foreign_file WHERE path = ?

-- name: add_lost_hours
INSERT OR IGNORE INTO lost_event (key, hour) SELECT key, hour FROM seen WHERE hour >= ? AND hour < ?

-- name: add_lost
INSERT OR IGNORE INTO lost_event (key, hour) VALUES (?, ?)

-- name: all_lost
SELECT key, hour FROM lost_event

-- name: lost_hours
SELECT hour, COUNT(*) FROM lost_event WHERE NOT EXISTS (SELECT 1 FROM seen WHERE seen.key = lost_event.key)
GROUP BY hour ORDER BY hour

-- name: delete_restored
DELETE FROM lost_event WHERE EXISTS (SELECT 1 FROM seen WHERE seen.key = lost_event.key)

-- name: accept_lost_hour
DELETE FROM lost_event WHERE hour = ?

-- name: seen_by_hour
SELECT hour, key, digest FROM seen ORDER BY hour, key

-- name: seen
SELECT digest, hour, batch FROM seen WHERE key = ?

-- name: add_seen
INSERT INTO seen (key, digest, hour, batch) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING

-- name: set_seen
INSERT INTO seen (key, digest, hour, batch) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, hour = excluded.hour, batch = excluded.batch

-- name: delete_seen_hours
DELETE FROM seen WHERE hour >= ? AND hour < ?

-- name: status
SELECT body FROM status WHERE message_id = ?

-- name: statuses
SELECT message_id, body FROM status

-- name: statuses_between
SELECT message_id FROM status WHERE message_id > ? AND message_id < ? ORDER BY message_id LIMIT 3

-- name: set_status
INSERT INTO status (message_id, body) VALUES (?, ?) ON CONFLICT (message_id) DO UPDATE SET body = excluded.body

-- name: delete_status
DELETE FROM status WHERE message_id = ?

-- name: count_statuses
SELECT COUNT(*) FROM status

-- name: status_check_table
CREATE TEMP TABLE IF NOT EXISTS status_check (message_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID

-- name: clear_status_check
DELETE FROM status_check

-- name: checked_status
SELECT body FROM status_check WHERE message_id = ?

-- name: set_checked_status
INSERT OR REPLACE INTO status_check (message_id, body) VALUES (?, ?)

-- name: differing_statuses
SELECT message_id FROM (SELECT message_id, body FROM status EXCEPT SELECT message_id, body FROM status_check)
UNION
SELECT message_id FROM (SELECT message_id, body FROM status_check EXCEPT SELECT message_id, body FROM status)

-- name: all_checked_statuses
SELECT message_id, body FROM status_check

-- name: variants
SELECT message_id FROM variant

-- name: add_variant
INSERT OR IGNORE INTO variant (message_id) VALUES (?)

-- name: add_failed
INSERT OR IGNORE INTO failed (id, reason, kept_at, origin, bytes) VALUES (?, ?, ?, ?, ?)

-- name: add_failed_part
INSERT OR IGNORE INTO failed_part (id, part, content) VALUES (?, ?, ?)

-- name: rename_failed_parts
UPDATE failed_part SET id = ? WHERE id = ?

-- name: failed
SELECT id, reason, kept_at, origin, bytes FROM failed ORDER BY kept_at, origin, id

-- name: failed_ids
SELECT id FROM failed ORDER BY id

-- name: failed_larger_than
SELECT id FROM failed WHERE bytes > ?

-- name: failed_parts
SELECT content FROM failed_part WHERE id = ? ORDER BY part

-- name: all_failed_parts
SELECT id, part, content FROM failed_part

-- name: delete_incomplete_failed
DELETE FROM failed WHERE bytes <> (SELECT COALESCE(SUM(LENGTH(content)), 0) FROM failed_part AS p WHERE p.id = failed.id)

-- name: count_failed_before
SELECT COUNT(*) FROM failed WHERE kept_at < ?

-- name: delete_failed_before
DELETE FROM failed WHERE kept_at < ?

-- name: delete_failed_parts_before
DELETE FROM failed_part WHERE id IN (SELECT id FROM failed WHERE kept_at < ?)

-- name: oldest_hour
SELECT MIN(hour) FROM file WHERE live = 1

-- name: delete_lost_hours
DELETE FROM lost_event WHERE hour >= ? AND hour < ?

-- name: count_failed
SELECT COUNT(*) FROM failed

-- name: delete_failed
DELETE FROM failed WHERE id = ?

-- name: delete_failed_parts
DELETE FROM failed_part WHERE id = ?

-- name: views
SELECT name, sql, translated, needs FROM view ORDER BY name

-- name: set_view
INSERT INTO view (name, sql, translated, needs) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET sql = excluded.sql, translated = excluded.translated, needs = excluded.needs

-- name: delete_view
DELETE FROM view WHERE name = ?

-- name: translation
SELECT sql FROM translation WHERE key = ?

-- name: translations
SELECT key, sql FROM translation

-- name: delete_translation
DELETE FROM translation WHERE key = ?

-- name: delete_lost
DELETE FROM lost_event WHERE key = ?

-- name: delete_seen
DELETE FROM seen WHERE key = ?

-- name: delete_meta
DELETE FROM meta WHERE key = ?

-- name: set_translation
INSERT OR REPLACE INTO translation (key, sql) VALUES (?, ?)
