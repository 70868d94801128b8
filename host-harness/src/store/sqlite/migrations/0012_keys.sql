-- Which key wraps the tenants' data keys; while a rotation is under way also the key before, sealed by the one in its place,
-- and whether data keys are made anew.
CREATE TABLE secrets_key (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    key TEXT NOT NULL,
    previous TEXT,
    previous_nonce BLOB,
    previous_sealed BLOB,
    data_keys INTEGER NOT NULL
) STRICT;

-- What seals a tenant's passwords, wrapped by the key named.
CREATE TABLE tenant_key (
    tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
    key TEXT NOT NULL,
    nonce BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX tenant_key_by_key ON tenant_key (key);
