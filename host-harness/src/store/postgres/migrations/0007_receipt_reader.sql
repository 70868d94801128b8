-- Who reached a tenant when it left last: 'token' or 'user', and a number. They may read the receipt.
CREATE TABLE receipt_reader (
    tenant BIGINT NOT NULL REFERENCES tenant (id),
    holder TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, holder)
);
