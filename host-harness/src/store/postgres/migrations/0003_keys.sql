-- Which key wraps the tenants' data keys; while a rotation is under way also the key before, sealed by the one in its place,
-- and whether data keys are made anew.
CREATE TABLE secrets_key (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    key TEXT COLLATE "C" NOT NULL,
    previous TEXT COLLATE "C",
    previous_nonce BYTEA,
    previous_sealed BYTEA,
    data_keys BOOLEAN NOT NULL
);

-- What seals a tenant's passwords, wrapped by the key named.
CREATE TABLE tenant_key (
    tenant BIGINT PRIMARY KEY REFERENCES tenant (id),
    key TEXT COLLATE "C" NOT NULL,
    nonce BYTEA NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX tenant_key_by_key ON tenant_key (key);
