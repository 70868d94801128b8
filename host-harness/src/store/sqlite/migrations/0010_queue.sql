-- Runs that were asked for: 'queued' until a host begins them. asked_by: who.
-- stop: somebody wants it to end. released: the plan is to be applied. heard: how far it has come, JSON.
ALTER TABLE run ADD COLUMN asked_by TEXT;
ALTER TABLE run ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN stop INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN heard TEXT;
-- Whoever wants to look at a plan first does not get it applied: a dry run, or a migration, is queued beside a sync.
CREATE UNIQUE INDEX run_queued ON run (tenant, iif(mode IN ('full', 'changes'), 'sync', mode)) WHERE status = 'queued';
-- The same key is the same run.
CREATE TABLE ask (
    tenant INTEGER NOT NULL REFERENCES tenant (id),
    key TEXT NOT NULL,
    mode TEXT NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_waiting ON run (not_before)
    WHERE status IN ('queued', 'applying', 'planning') OR status = 'planned' AND released = 1;

-- When each tenant is due: Unix milliseconds.
CREATE TABLE due (
    tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX due_at ON due (at);
