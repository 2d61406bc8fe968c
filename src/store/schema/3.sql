-- What the cluster says the addresses of an incident are: the same list as in its JSON elsewhere.
ALTER TABLE incidents ADD COLUMN names TEXT NOT NULL DEFAULT '[]';
