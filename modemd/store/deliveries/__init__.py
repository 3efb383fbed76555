"""Deliveries: what became of the messages of each SIM, as the filter watch counts them. No table here names a recipient."""
