-- People who could not be brought over and still are not, each once. entry: the DN, where the external id cannot be read; else empty.
-- said_by: the plan_row that says it last, which may no longer be kept.
CREATE TABLE failure (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    entry TEXT NOT NULL,
    dn TEXT NOT NULL,
    display TEXT NOT NULL,
    code TEXT NOT NULL,
    problem TEXT NOT NULL,
    other TEXT,
    first_at INTEGER NOT NULL,
    first_run INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_run INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    said_by INTEGER NOT NULL,
    UNIQUE (tenant, external_id, entry)
) STRICT;
CREATE INDEX failure_by_tenant ON failure (tenant);

-- For how many days rows are kept, where it was said; 0: for ever.
CREATE TABLE retention (
    tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
    days INTEGER NOT NULL
) STRICT;

-- Runs whose rows are kept no longer: since when, and the rows by kind and outcome as they were. done: all of them are gone.
CREATE TABLE pruned (
    run INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    counts TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Looked through for runs whose rows may go.
CREATE INDEX run_over ON run (tenant, id, ended_at, status);
