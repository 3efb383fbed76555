"""Country policies: what laws, regulators and operators of a country say about sending by machine, as data."""
