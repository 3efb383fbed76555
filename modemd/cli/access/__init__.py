"""Commands about access to the API: keys, the audit log, certificates."""
