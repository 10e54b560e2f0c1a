-- Searches by label over a month of history: a scan of a million rows takes seconds, this some milliseconds.
CREATE INDEX executions_labels ON executions USING gin (labels jsonb_path_ops);
