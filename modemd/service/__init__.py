"""The running daemon's work. Tasks and threads, what each owns, and how it is spoken to:

- one task a modem (`modemd.modem.Modem.run`) owns port, dialogue and state; others call `wake` and `stop`. Modems come and go
  (`Crew`);
- the finding task (`Finder.run`), where modems are looked for, owns the list of what is plugged in and the seats of found
  modems; a short task for each device asks its ports who is there, and hands an open port to the modem's task by its `Seat`;
- the timetable task (`Timetable.run`) promotes, expires and closes; others call `poke`;
- the calendar task (`Calendar.run`) does nightly work;
- the balances task (`Balances.run`), where SIMs are to be asked what they have left, asks them by `Modem.request`;
- the store's writer thread owns the connection that writes, two reader threads those that read (one for what modems wait for):
  `Store.write`, `Store.read`, `Store.read_hot`; a claim, on the writer's thread, asks `Drafts` what others have chosen;
- short-lived daemon threads open and close serial ports (`modemd.modem.link.port`), and list what is plugged in
  (`modemd.modem.discovery.port_lists`).

Everything else runs on the loop, in the call of whoever asked. `Service` is the facade that the faces call.
"""
