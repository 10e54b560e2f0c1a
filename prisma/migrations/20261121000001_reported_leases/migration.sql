-- The inbox row that holds the result of a leased job. The lease stays until that row has been applied, so that a claim whose
-- snapshot is older than the report meets it and is refused.
ALTER TABLE leases ADD COLUMN reported uuid;
