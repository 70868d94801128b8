-- Runs that were asked for: 'queued' until a host begins them. asked_by: who; ask_key: the same key is the same run.
-- stop: somebody wants it to end. released: the plan is to be applied. heard: how far it has come, JSON.
ALTER TABLE run ADD COLUMN asked_by TEXT;
ALTER TABLE run ADD COLUMN ask_key TEXT;
ALTER TABLE run ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN stop INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN heard TEXT;
-- Whoever wants to look at a plan first does not get it applied: a dry run, or a migration, is queued beside a sync.
CREATE UNIQUE INDEX run_queued ON run (tenant, iif(mode IN ('full', 'changes'), 'sync', mode)) WHERE status = 'queued';
CREATE UNIQUE INDEX run_ask_key ON run (tenant, ask_key) WHERE ask_key IS NOT NULL;
CREATE INDEX run_waiting ON run (not_before)
    WHERE status IN ('queued', 'applying', 'planning') OR status = 'planned' AND released = 1;

-- When each tenant is due: Unix milliseconds.
CREATE TABLE due (
    tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX due_at ON due (at);
