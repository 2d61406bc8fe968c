-- Processes that are part of an incident: the same list as in its JSON in the outbox.
ALTER TABLE incidents ADD COLUMN processes TEXT NOT NULL DEFAULT '[]';

-- What Tetragon said of them, each event whole, as its JSON export has it.
CREATE TABLE incident_events (
    incident TEXT    NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    at_us    INTEGER NOT NULL,
    event    TEXT    NOT NULL,
    PRIMARY KEY (incident, at_us, event)
) STRICT, WITHOUT ROWID;
