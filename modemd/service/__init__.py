"""Service: the work of the running daemon.

`assembly.assemble` builds the service out of its collaborators; `service.Service` starts and stops it, and holds the parts that
the faces call; `wakeups.Wakeups` says which part wakes which. Answers are frozen classes: rows of the store
(`modemd.store.rows`), and views that are made of them, beside the function that returns them or in `views`.

| sub-package  | what it does                                                                                         |
| ------------ | ---------------------------------------------------------------------------------------------------- |
| `messages`   | accepts messages, batches and people's decisions about them; tells the history of a message            |
| `dispatch`   | chooses, reserves, claims and encodes parts; journals outcomes; promotes and expires; holds by quota |
| `inbox`      | stores inbound messages, missed calls and status reports                                             |
| `consent`    | applies words of consent, and answers them; double opt-in; reviews; the ledger; quiet hours; e-mails |
| `modems`     | finds modems, runs a task for each, asks them for USSD, shows them                                   |
| `sims`       | admits and pauses SIMs, keeps their lanes, asks for balances, reads PINs                             |
| `calendar`   | submits recurring sends, runs the nightly jobs                                                       |
| `changes`    | the feed of everything that changes, and the streams that follow it                                  |
| `webhooks`   | posts changes to the addresses that want to know: `fan_out` makes deliveries, `lanes` sends them     |
| `operations` | alarms and the checks that raise them, health, watchdog, retention, the trusted clock                |

The way of an outbound message:

1. submit: `messages/submission.py` (many: `messages/batches.py`) checks the request and stores message and parts. The answer is
   given after the commit. `Wakeups.submitted` then tells the dispatcher and wakes the modems. A message for later is held;
   `dispatch/due.py` queues it at its time.
2. reserve: a modem asks `dispatch/dispatcher.py` for its next draft. The part is chosen from the queue by the rules of
   `dispatch/policy.py`, encoded, and reserved for this modem in `dispatch/reservations.py`. Nothing is stored yet.
3. claim: `Dispatcher.claim` decides on the writer's thread once more, and journals the attempt in the same transaction. The
   modem writes the PDU after the commit.
4. outcome: the modem reports how the attempt ended. `dispatch/outcomes.py` judges it and journals it, until the database has
   taken it. The part is then sent, waits to be tried again, has failed, or is unknown.
5. report: `inbox/status_reports.py` stores the status report and settles the part that it belongs to.

The way of an arrival: a modem passes its octets to `inbox/inbound.py` and deletes it after the call has returned. Status reports
go to `inbox/status_reports.py`. For a message, `inbox/content.py` finds kind and text; one transaction stores it and, if it is a
word of consent, applies it by `consent/inbound_words.py` and queues the answer. Then `sims/balances.py` gets each whole text: it
may be an answer about a balance.

Everything runs on one event loop. These tasks run from start to stop (their names in quotes); `Service` owns them:

- "modem NAME", one for each modem (`modemd.modem.modem.Modem.run`), started by `modems/registry.py`: owns port, dialogue and
  state. Others call `Modem.wake`, `stop` and `run_request`.
- "finding" (`Discovery.run`, if modems are searched for): owns the list of devices that are plugged in, and each modem's
  `FoundModem`. A short task for each device, "who is in PLACE", asks its ports which modem is there; the open port then goes to
  the modem's task through `FoundModem.attach`. Others call `rescan`.
- "timetable" (`DueWork.run`): promotes, expires and closes. Others call `wake`.
- "consent" (`ConsentDueWork.run`): has reviews and requests to confirm end in time, and sends reminders. Nothing calls it.
- "batches" (`Batches.run`): promotes accepted batches. Others call `wake`.
- "schedules" (`RecurringSends.run`): submits recurring sends. `add`, `resume` and the like wake it.
- "calendar" (`JobScheduler.run`): runs the nightly jobs. Nothing calls it.
- "balances" (`Balances.run`, if a SIM has `balance`): asks SIMs by `UssdSessions.query` or by a message. Answers by message come
  through `handle_message`.
- "alarms" (`Alarms.run`): stores alarms and notifies of them. Others call `raise_alarm` and `clear`.
- "watch" (`AlarmChecks.run`): raises and clears alarms. Nothing calls it.
- "readiness" (`ModemReadiness.run`): stores an event when the health of a modem changes. Nothing calls it.
- "filter watch" (`FilterWatch.run`, unless `filter_watch.enabled` is false): pauses marketing on a SIM whose messages stop
  arriving. Nothing calls it.
- "house-keeping" (`Retention.run`): deletes what was stored long enough. Nothing calls it.
- "mailbox" (`Mailbox.run`; without a mailbox, it clears the alarm of an earlier one and ends): opts out by e-mail. Nothing calls
  it.
- "webhooks" (`FanOut.run`): reads the change feed while there is a webhook, and makes deliveries. `Webhooks` wakes it.
- "webhook lanes" (`DeliveryLanes.run`): has a task "webhook lane NAME" for each receiver for which something waits. `FanOut` and
  `Webhooks` call `notice`.
- "store watch" (`StoreOutage.run`): waits for `Store.failed`, then tries the database until it takes changes again.
- "rules" (`SimControl.relane`, if the routing rules have changed since the last start): moves parts to their new lanes, and ends.

The daemon runs `Watchdog.run` beside them, and calls `find_stall`. Short tasks finish what was begun: a claim (`Dispatcher`),
the outcome of an attempt (`Outcomes`), the holding of an exhausted lane (`QuotaHolds`), the end of a USSD session
(`UssdSessions`).

Threads: the store's writer thread owns the connection that writes, and two reader threads own one each that reads (one of them
only for what modems wait for): `Store.write`, `Store.read`, `Store.read_hot`. A claim gets only values that do not change;
`Offers` is used by the writer's thread alone. Short-lived daemon threads open and close serial ports (`modemd.modem.link`) and
list what is plugged in (`modemd.modem.discovery`). So do threads that talk to the mail server, one at a time: each does one step
for the mailbox, and the end of the service waits for none. So do threads that call the receivers of webhooks, eight at most at a
time: each sends one request (`webhooks/client.py`), and is cut off at its deadline.
"""
