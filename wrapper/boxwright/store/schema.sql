-- One study. The database is an index: run.json, exit.json and the logs in the run folders are the truth.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE trials (
    number         INTEGER PRIMARY KEY,
    key            TEXT NOT NULL UNIQUE,   -- configuration, instance, seed and budget as one text
    config         TEXT NOT NULL,          -- JSON
    instance       TEXT,
    seed           INTEGER NOT NULL,
    budget         REAL,
    optimizer_seed INTEGER,
    origin         TEXT NOT NULL,
    settled_by     INTEGER                 -- the one run that counts; a trial never has two
);
CREATE INDEX trials_open ON trials (number) WHERE settled_by IS NULL;

CREATE TABLE runs (
    number        INTEGER PRIMARY KEY,
    trial         INTEGER NOT NULL REFERENCES trials (number),
    attempt       INTEGER NOT NULL,
    status        TEXT NOT NULL,
    slot          INTEGER NOT NULL,
    gpus          TEXT NOT NULL,           -- JSON array of texts
    started       REAL,                    -- UNIX seconds
    ended         REAL,
    wall_s        REAL,
    cpu_s         REAL,
    max_rss_bytes INTEGER,
    exit_code     INTEGER,
    quality       REAL,
    cost          REAL,
    metrics       TEXT NOT NULL DEFAULT '{}',
    runtime_s     REAL,
    additional    TEXT NOT NULL DEFAULT '',
    reason        TEXT NOT NULL DEFAULT '',
    UNIQUE (trial, attempt)
);
CREATE INDEX runs_open ON runs (number) WHERE status = 'RUNNING';
