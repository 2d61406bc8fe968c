-- What the traffic says and what people do are written by different hands: each has columns of its
-- own. A mark names the life (`reopened`) it was made in; `status` is what follows from both.
DROP INDEX incidents_by_status;
ALTER TABLE incidents RENAME COLUMN status TO traffic;
ALTER TABLE incidents ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN related TEXT NOT NULL DEFAULT '[]';
ALTER TABLE incidents ADD COLUMN acknowledged_life INTEGER;
ALTER TABLE incidents ADD COLUMN acknowledged_by TEXT;
ALTER TABLE incidents ADD COLUMN acknowledged_us INTEGER;
ALTER TABLE incidents ADD COLUMN resolved_life INTEGER;
ALTER TABLE incidents ADD COLUMN resolved_by TEXT;
ALTER TABLE incidents ADD COLUMN resolved_marked_us INTEGER;
ALTER TABLE incidents ADD COLUMN muted_by INTEGER;
-- The number of the last mark on it, of all marks on all incidents.
ALTER TABLE incidents ADD COLUMN marked_seq INTEGER NOT NULL DEFAULT 0;
-- Wall clock, as are the times of marks, mutes, entries and records.
ALTER TABLE incidents ADD COLUMN written_us INTEGER NOT NULL DEFAULT 0;
UPDATE incidents SET written_us = CAST(unixepoch('subsec') * 1000000 AS INTEGER);
ALTER TABLE incidents ADD COLUMN status TEXT GENERATED ALWAYS AS (
    CASE WHEN resolved_life = reopened THEN 'resolved'
         WHEN traffic = 'open' AND acknowledged_life = reopened THEN 'acknowledged'
         ELSE traffic END
) VIRTUAL;
ALTER TABLE incidents ADD COLUMN urgency INTEGER GENERATED ALWAYS AS (
    CASE severity WHEN 'critical' THEN 3 WHEN 'high' THEN 2 WHEN 'medium' THEN 1 ELSE 0 END
) VIRTUAL;

CREATE INDEX incidents_by_status ON incidents (status, detected_us, id);
CREATE INDEX incidents_by_mark ON incidents (marked_seq) WHERE marked_seq > 0;
CREATE INDEX incidents_by_writing ON incidents (written_us, id);

-- How often something has happened, ever: a mark on an incident, a change of the mutes.
CREATE TABLE counters (
    name  TEXT    PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('marks', 0), ('mutes', 0);

CREATE TABLE flow_spans (
    incident    TEXT    NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    flow        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    source_port INTEGER NOT NULL,
    target_port INTEGER NOT NULL,
    protocol    INTEGER NOT NULL,
    icmp_type   INTEGER NOT NULL,
    first_us    INTEGER NOT NULL,
    last_us     INTEGER NOT NULL,
    PRIMARY KEY (incident, flow)
) STRICT, WITHOUT ROWID;

-- Sinks that are told, and those that were.
CREATE TABLE recipients (
    sink            TEXT    PRIMARY KEY NOT NULL,
    is_told         INTEGER NOT NULL,
    takes_growth    INTEGER NOT NULL,
    heeds_mutes     INTEGER NOT NULL,
    delivered       INTEGER NOT NULL DEFAULT 0,
    digested        INTEGER NOT NULL DEFAULT 0,
    last_success_us INTEGER,
    last_error_us   INTEGER,
    last_error      TEXT
) STRICT;

-- How an incident stood when the last entry on it was put in, and what the sink calls its message.
CREATE TABLE told (
    incident TEXT    NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    sink     TEXT    NOT NULL,
    reopened INTEGER NOT NULL,
    status   TEXT    NOT NULL,
    severity TEXT    NOT NULL,
    class    TEXT    NOT NULL,
    handle   TEXT,
    PRIMARY KEY (incident, sink)
) STRICT, WITHOUT ROWID;

-- All entries of one incident for one sink are in the same state.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    sink       TEXT    NOT NULL,
    incident   TEXT    NOT NULL REFERENCES incidents (id),
    news       TEXT    NOT NULL,
    stands_for INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    error      TEXT,
    created_us INTEGER NOT NULL,
    body       TEXT    NOT NULL
) STRICT;
-- The last two columns spare a look at the table when entries are counted.
CREATE INDEX outbox_by_sink ON outbox (sink, state, seq, news, created_us);
CREATE INDEX outbox_by_incident ON outbox (incident, sink, seq);

CREATE TABLE mutes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    filter     TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    author     TEXT    NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    hidden     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What a mute has hidden, so that no incident is counted twice.
CREATE TABLE hidden (
    incident TEXT    NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    mute     INTEGER NOT NULL REFERENCES mutes (id),
    PRIMARY KEY (incident, mute)
) STRICT, WITHOUT ROWID;

-- `hash` is that of the record and of the hash before it; the head says how many records there are
-- and the hash of the last, so that one cut off at the end is missed too.
CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY NOT NULL,
    at_us    INTEGER NOT NULL,
    who      TEXT    NOT NULL,
    origin   TEXT    NOT NULL,
    what     TEXT    NOT NULL,
    object   TEXT    NOT NULL,
    "before" TEXT    NOT NULL,
    "after"  TEXT    NOT NULL,
    hash     TEXT    NOT NULL
) STRICT;
CREATE TABLE audit_head (
    id      INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    records INTEGER NOT NULL,
    hash    TEXT    NOT NULL
) STRICT;
INSERT INTO audit_head (id, records, hash) VALUES (1, 0, printf('%064d', 0));
