-- API tokens: of the secret only its SHA-256 is kept. reach: JSON.
CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    rank TEXT NOT NULL,
    reach TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What was done, by whom, from where. The name of a tenant stays when the tenant is gone.
CREATE TABLE deed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    origin TEXT NOT NULL,
    tenant TEXT,
    what TEXT NOT NULL,
    which TEXT NOT NULL,
    refused TEXT NOT NULL
) STRICT;
CREATE INDEX deed_by_tenant ON deed (tenant, id);
