-- Components, by the digest of their bytes.
CREATE TABLE component (
    digest TEXT NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- A tenant stays known after its plugin is uninstalled: the portal's people stay too.
CREATE TABLE tenant (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    plugin TEXT REFERENCES component (digest),
    installed_at INTEGER NOT NULL DEFAULT 0,
    configuration TEXT NOT NULL DEFAULT '',
    settings TEXT NOT NULL DEFAULT '[]',
    seats INTEGER NOT NULL DEFAULT 0,
    state_version INTEGER NOT NULL DEFAULT 0,
    checkpoint BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE TABLE state (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL REFERENCES tenant (id),
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (tenant, key)
) STRICT;

-- Passwords, encrypted. The newest row of a name is the one in use.
CREATE TABLE secret (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL REFERENCES tenant (id),
    name TEXT NOT NULL,
    handle TEXT NOT NULL,
    nonce BLOB NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (tenant, handle)
) STRICT;
CREATE INDEX secret_by_name ON secret (tenant, name, id);

CREATE TABLE field (
    tenant INTEGER NOT NULL REFERENCES tenant (id),
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    tab TEXT NOT NULL,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    required INTEGER NOT NULL,
    is_unique INTEGER NOT NULL,
    max_length INTEGER NOT NULL,
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE role (
    tenant INTEGER NOT NULL REFERENCES tenant (id),
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, id)
) STRICT, WITHOUT ROWID;

-- What a sync compares, small and in order of external id, so that a whole portal is read in one go.
-- origin 1: a sync brought this person and key is the external id; 0: key is the portal's id.
-- marks: bit 0 inactive, bit 1 made inactive by a sync, bit 2 changed in the portal since.
CREATE TABLE person (
    tenant INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    key TEXT NOT NULL,
    id INTEGER NOT NULL,
    marks INTEGER NOT NULL,
    role TEXT NOT NULL,
    source_hash BLOB,
    absent_since INTEGER NOT NULL DEFAULT 0,
    review INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, origin, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX person_absent ON person (tenant, origin) WHERE absent_since <> 0;

-- What the portal shows: fields and values as a JSON object.
CREATE TABLE person_values (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    key TEXT NOT NULL,
    dn TEXT NOT NULL,
    changed TEXT NOT NULL DEFAULT '[]',
    data TEXT NOT NULL
) STRICT;

-- Who holds which value of a unique field, normalised. The primary key is what makes them unique.
CREATE TABLE unique_value (
    tenant INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    person INTEGER NOT NULL,
    PRIMARY KEY (tenant, field, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX unique_value_by_person ON unique_value (person, field);

-- cursor: every row up to this sequence has its outcome. pending: rows without.
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL REFERENCES tenant (id),
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    plugin TEXT NOT NULL,
    configuration TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    planned_at INTEGER,
    ended_at INTEGER,
    digest TEXT,
    approved TEXT,
    summary TEXT,
    proof TEXT,
    guards TEXT NOT NULL DEFAULT '[]',
    problem TEXT,
    checkpoint BLOB NOT NULL DEFAULT x'',
    sequence INTEGER NOT NULL DEFAULT 0,
    cursor INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX run_by_tenant ON run (tenant, id);

-- id is run × 2^32 + sequence: rows are appended, never inserted between others.
-- kind: 0 create, 1 update, 2 deactivate, 3 reactivate, 4 unsynced.
-- before, after: JSON objects, field to value or null. pseudo: changes of role and DN.
-- claims: the unique values taken (normalised) or given up (null); claimed: how many are taken.
-- flags: bit 0 clears a field, bit 1 changes the role.
CREATE TABLE plan_row (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    dn TEXT NOT NULL,
    display TEXT NOT NULL,
    reason TEXT NOT NULL,
    source_hash BLOB,
    before TEXT,
    after TEXT NOT NULL,
    pseudo TEXT,
    role TEXT,
    claims TEXT,
    claimed INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    problem TEXT,
    other TEXT
) STRICT;
CREATE INDEX plan_row_by_kind ON plan_row (run, kind);
CREATE INDEX plan_row_by_reason ON plan_row (run, reason);
CREATE INDEX plan_row_flagged ON plan_row (run, flags) WHERE flags <> 0;

-- The people of finished plans: made with the plan's end, in order.
CREATE TABLE plan_person (
    run INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (run, external_id)
) STRICT, WITHOUT ROWID;

-- Outcomes that the cursor does not tell: rows that failed, and rows applied ahead of it.
CREATE TABLE row_outcome (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    problem TEXT
) STRICT;
CREATE INDEX row_outcome_by_run ON row_outcome (run, outcome);

CREATE TABLE plan_absence (
    run INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    review INTEGER NOT NULL,
    PRIMARY KEY (run, external_id)
) STRICT, WITHOUT ROWID;
