-- Times are packet times in microseconds since the epoch, ids 16 hexadecimal digits, lists JSON.
CREATE TABLE incidents (
    id          TEXT    PRIMARY KEY NOT NULL,
    class       TEXT    NOT NULL,
    severity    TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    score       REAL    NOT NULL,
    pivot       TEXT    NOT NULL,
    sources     TEXT    NOT NULL,
    targets     TEXT    NOT NULL,
    target_port INTEGER,
    flows       INTEGER NOT NULL,
    packets     INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    first_us    INTEGER NOT NULL,
    last_us     INTEGER NOT NULL,
    detected_us INTEGER NOT NULL,
    resolved_us INTEGER,
    why         TEXT    NOT NULL,
    flow_ids    TEXT    NOT NULL
) STRICT;

CREATE INDEX incidents_by_time ON incidents (detected_us, id);
CREATE INDEX incidents_by_status ON incidents (status, detected_us, id);

-- Names are ASCII; one that differs only in case is the same. The stamp changes with the password,
-- so that tokens handed out before are worth nothing.
CREATE TABLE users (
    name       TEXT    PRIMARY KEY NOT NULL COLLATE NOCASE,
    role       TEXT    NOT NULL,
    password   TEXT    NOT NULL,
    stamp      TEXT    NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT;
