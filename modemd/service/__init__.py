"""The running daemon's work. Tasks and threads, what each owns, and how it is spoken to:

- one task a modem (`modemd.modem.Modem.run`) owns port, dialogue and state; others call `wake` and `stop`;
- the timetable task (`Timetable.run`) promotes, expires and closes; others call `poke`;
- the calendar task (`Calendar.run`) does nightly work;
- the store's writer thread owns the connection that writes, its reader thread the one that reads: `Store.write`, `Store.read`;
- short-lived daemon threads open and close serial ports (`modemd.modem.port`).

Everything else runs on the loop, in the call of whoever asked. `Service` is the facade that the faces call.
"""
