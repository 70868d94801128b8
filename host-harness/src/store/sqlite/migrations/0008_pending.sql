-- Whom a sync of changes looks at whatever the directory says: the condition as it is asked for.
CREATE INDEX person_pending ON person (tenant, origin, key) WHERE absent_since <> 0 OR marks & 4;
