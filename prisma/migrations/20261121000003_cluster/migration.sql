-- Which cluster this database belongs to; one row. `home` is the database in which the row was made: a copy of it elsewhere is
-- another cluster. `key_check` tells two encryption keys apart without telling anything of them.
CREATE TABLE cluster (
  single    boolean PRIMARY KEY DEFAULT true CHECK (single),
  id        uuid NOT NULL,
  home      text NOT NULL,
  key_check text
);

-- Which queue backend a member uses: members of one cluster must share it.
ALTER TABLE members ADD COLUMN messaging text;

-- Marked leases stay for a while after their results have been applied; those who look for expired ones need not see them.
DROP INDEX leases_expiry;
CREATE INDEX leases_expiry ON leases (expires_at) WHERE reported IS NULL;
CREATE INDEX leases_reported ON leases (expires_at) WHERE reported IS NOT NULL;
