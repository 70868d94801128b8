-- Settings that a plugin was asked to accept, until its answer is noted: what the host itself goes by must come from an
-- administrator, and a kill between the plugin's writing and the host's must not lose it.
ALTER TABLE tenant ADD COLUMN intended TEXT;
