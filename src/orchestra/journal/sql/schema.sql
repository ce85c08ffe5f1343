-- Format 1. One transaction, so that a file is either a whole journal or none.
BEGIN IMMEDIATE;

-- Short columns come first: reading a check then never touches the overflow pages of long texts.
CREATE TABLE record (
    position      INTEGER PRIMARY KEY,
    at_us         INTEGER NOT NULL,
    type          TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    actor         TEXT    NOT NULL,
    subject       TEXT,
    record_check  BLOB    NOT NULL,
    private_check BLOB,
    facts         TEXT    NOT NULL,
    private       TEXT
);

-- Every entry ends with the position, so this gives one subject's records in order.
CREATE INDEX record_subject ON record (subject) WHERE subject IS NOT NULL;

-- Plans are few, and every process that connects asks for the last: other records cost this nothing.
CREATE INDEX record_plan ON record (position) WHERE type = 'PlanChanged';

-- One row. The epoch outlives the leases; a released lease has no holder.
CREATE TABLE lease (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch      INTEGER NOT NULL,
    holder     TEXT,
    since_us   INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
);
INSERT INTO lease VALUES (1, 0, NULL, 0, 0);

-- A request waits while it has no result; its command goes when the result comes. Two indexes lead to it: when one is
-- damaged they disagree, and a request that was stored does not look like a new one.
CREATE TABLE request (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id    TEXT    NOT NULL UNIQUE,
    id_check      BLOB    NOT NULL UNIQUE,
    command_check BLOB    NOT NULL,
    result_check  BLOB,
    command       TEXT,
    result        TEXT,
    answered_us   INTEGER
);
CREATE INDEX request_waiting ON request (number) WHERE result IS NULL;

-- Customers' keys, wrapped, where private parts are encrypted; the one of nobody is the journal's own.
CREATE TABLE customer_key (
    subject TEXT PRIMARY KEY,
    wrapped TEXT NOT NULL
) WITHOUT ROWID;

-- Archived customers: hashes of all that leads to one, and the position at which they were archived.
CREATE TABLE directory (
    key      TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (key, position)
) WITHOUT ROWID;
CREATE INDEX directory_position ON directory (position);

CREATE TABLE snapshot (
    schema       TEXT    PRIMARY KEY,
    position     INTEGER NOT NULL,
    record_check BLOB    NOT NULL,
    state_check  BLOB    NOT NULL,
    state        BLOB    NOT NULL
);

-- One row: the journal had this record when it was last closed. Its page is apart from those of the records, so that
-- a damaged page of theirs cannot pass for a shorter journal.
CREATE TABLE witness (
    only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
    position     INTEGER NOT NULL,
    record_check BLOB    NOT NULL,
    proof        BLOB    NOT NULL
);

PRAGMA application_id = 1330791240;
PRAGMA user_version = 1;
COMMIT;
