-- Which processes serve, by the names that leases have. One that ends says so and goes; one that does not is forgotten after a day.
CREATE TABLE host (
    name TEXT COLLATE "C" PRIMARY KEY,
    version TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    heard TIMESTAMPTZ NOT NULL
);
