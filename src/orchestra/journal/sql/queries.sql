-- Every statement of the SQLite journal, by name. `orchestra.journal.sqlite_queries` reads this file.

-- name: head
-- Owner and last record, read inside the transaction that appends.
SELECT lease.epoch, lease.holder, record.position, record.record_check, record.at_us
FROM lease LEFT JOIN record ON record.position = (SELECT max(position) FROM record);

-- name: position
SELECT coalesce(max(position), 0) FROM record;

-- name: insert_record
INSERT INTO record (position, at_us, type, version, actor, subject, record_check, private_check, facts, private)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: record_check
SELECT record_check FROM record WHERE position = ?;

-- name: read_all
SELECT position, at_us, type, version, actor, subject, record_check, private_check, facts, private
FROM record WHERE position > ? AND position <= ? ORDER BY position LIMIT ?;

-- name: read_subject
-- With the check of the record before, to which each is chained.
SELECT r.position, r.at_us, r.type, r.version, r.actor, r.subject, r.record_check, r.private_check, r.facts, r.private,
    (SELECT p.record_check FROM record AS p WHERE p.position = r.position - 1)
FROM record AS r WHERE r.subject = ? AND r.position > ? AND r.position <= ? ORDER BY r.position LIMIT ?;

-- name: read_plans
-- As `read_subject`, by the one type that has an index.
SELECT r.position, r.at_us, r.type, r.version, r.actor, r.subject, r.record_check, r.private_check, r.facts, r.private,
    (SELECT p.record_check FROM record AS p WHERE p.position = r.position - 1)
FROM record AS r WHERE r.type = 'PlanChanged' AND r.position > ? AND r.position <= ? ORDER BY r.position LIMIT ?;

-- name: file_key
INSERT OR IGNORE INTO directory (key, position) VALUES (?, ?);

-- name: strike_position
DELETE FROM directory WHERE position = ?;

-- name: find_filed
SELECT position FROM directory WHERE key = ?;

-- name: blank_all
UPDATE record SET private = NULL, private_check = NULL WHERE private IS NOT NULL;

-- name: blank_subject
UPDATE record SET private = NULL, private_check = NULL WHERE subject = ? AND private IS NOT NULL;

-- name: lease
SELECT epoch, holder, since_us, expires_us FROM lease;

-- name: take_lease
UPDATE lease SET epoch = ?, holder = ?, since_us = ?, expires_us = ?;

-- name: extend_lease
UPDATE lease SET expires_us = ?;

-- name: release_lease
UPDATE lease SET holder = NULL, expires_us = 0 WHERE epoch = ? AND holder = ?;

-- name: disown
-- A copy of a journal belongs to nobody, whoever owns the original.
UPDATE lease SET holder = NULL, expires_us = 0;

-- name: witness
SELECT position, record_check, proof FROM witness;

-- name: set_witness
INSERT OR REPLACE INTO witness (only_row, position, record_check, proof) VALUES (1, ?, ?, ?);

-- name: last
SELECT position, record_check FROM record ORDER BY position DESC LIMIT 1;

-- name: find_request
-- Always one row: where either index leads, and what stands there. Read by number, for an index would tell its own id.
SELECT by_id, by_check, CAST(request.request_id AS BLOB), command_check, result_check, result
FROM (
    SELECT (SELECT number FROM request WHERE request_id = ?) AS by_id,
        (SELECT number FROM request WHERE id_check = ?) AS by_check
) LEFT JOIN request ON request.number = by_id;

-- name: submit
INSERT INTO request (request_id, id_check, command_check, command) VALUES (?, ?, ?, ?);

-- name: waiting
-- As bytes: what is damaged may not be text any more, and one such text would spoil the reading of all. Without those
-- that their own id does not lead to: no answer could be stored with them.
SELECT number, CAST(request_id AS BLOB), command_check, CAST(command AS BLOB)
FROM request
WHERE result IS NULL AND number = (SELECT same.number FROM request AS same WHERE same.request_id = request.request_id)
ORDER BY number LIMIT ?;

-- name: answer
UPDATE request SET command = NULL, result_check = ?, result = ?, answered_us = ?
WHERE request_id = ? AND result IS NULL;

-- name: forget
DELETE FROM request WHERE result IS NOT NULL AND answered_us < ?;

-- name: insert_request
INSERT INTO request (number, request_id, id_check, command_check, result_check, command, result, answered_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: save_snapshot
INSERT OR REPLACE INTO snapshot (schema, position, record_check, state_check, state) VALUES (?, ?, ?, ?, ?);

-- name: load_snapshot
SELECT position, record_check, state_check, state FROM snapshot WHERE schema = ?;

-- name: find_key
SELECT wrapped FROM customer_key WHERE subject = ?;

-- name: all_keys
SELECT subject, wrapped FROM customer_key;

-- name: insert_key
INSERT INTO customer_key (subject, wrapped) VALUES (?, ?);

-- name: replace_key
UPDATE customer_key SET wrapped = ? WHERE subject = ?;

-- name: destroy_key
DELETE FROM customer_key WHERE subject = ?;
