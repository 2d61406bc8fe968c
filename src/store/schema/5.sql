-- The most evidence of an incident within a minute, in nats, and what somebody says of it who has looked.
ALTER TABLE incidents ADD COLUMN weight REAL NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN feedback TEXT;
ALTER TABLE incidents ADD COLUMN feedback_by TEXT;
ALTER TABLE incidents ADD COLUMN feedback_us INTEGER;

-- What was learnt of how it is here while nothing is wrong: by whom, when by the wall clock, and from how
-- much packet time or, where that is null, from feedback on which alert. What is learnt has tables of its
-- own, which name the lesson.
CREATE TABLE lessons (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    author     TEXT    NOT NULL,
    learnt_us  INTEGER NOT NULL,
    traffic_us INTEGER,
    incident   TEXT    UNIQUE
) STRICT;

-- The evidence, in nats, that makes no incident of a class at a place.
CREATE TABLE accepted (
    class  TEXT    NOT NULL,
    place  TEXT    NOT NULL,
    lesson INTEGER NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    weight REAL    NOT NULL,
    PRIMARY KEY (class, place, lesson)
) STRICT, WITHOUT ROWID;
CREATE INDEX accepted_by_lesson ON accepted (lesson);

INSERT INTO counters (name, value) VALUES ('baseline', 0);
