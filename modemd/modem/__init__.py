"""One modem as a service: its port, its dialogue, its state, all owned by one task (`Modem.run`).

`port` moves bytes, `dialogue` asks and waits, `setup` identifies and prepares, `receive` empties the storage, `send` puts one
part on the air, and `modem` is the task that does these in turn. What it needs of the rest of the daemon is the `Desk`
(`modemd.modem.backend`): where parts come from and where arrivals go.
"""
