-- What the tenant's plugin may connect to beyond ordinary addresses, JSON; NULL: nothing was decided yet.
ALTER TABLE tenant ADD COLUMN policy TEXT;
-- The plugin that was in use before this one, to go back to.
ALTER TABLE tenant ADD COLUMN plugin_before TEXT REFERENCES component (digest);
-- What the last uninstall removed and left, JSON.
ALTER TABLE tenant ADD COLUMN receipt TEXT;
