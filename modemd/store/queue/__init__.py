"""Queue of parts: which part a SIM sends next, its claim, and its outcome. This is the theory of operation.

What is in the queue
--------------------
The queue is the rows of `part` whose state is `queued`; there is no other list. A message is cut into its parts when it is
accepted. A part that waits for a time (a start time, a window, a quota, a later try) is `held`, with `due`; at that time
`outbox.due.promote_due` queues it. So nothing in the queue waits for the clock, and held parts cost a search nothing. The
states and their transitions are `rules.states`; `journal.advance_part` is the only function that changes one.

    held --due--> queued --claim--> sending --outcome--> sent | failed | unknown, or back to held or queued

Order
-----
A part has a place (`rules.queue_place.QueuePlace`): the columns `rank`, of its class, and `started`. Parts are claimed

1. by class: alarm, otp, system, transactional, conversational, marketing;
2. within a class: the rest of messages that have started, then messages that have not. So only a higher class steps in
   between two parts of a long message;
3. within a place: the older message first (`message_id`), and its parts in order (`seq`).

Two more rules pass over a part, without stopping what is behind it:

* A part waits for the parts of its message that are before it and queued.
* First attempts to one number, within one class, keep the order of acceptance: a part that was never tried waits while an
  earlier message of its number and class is in flight, that is queued and untried, or on the air. A held, unknown or tried one
  holds up nothing. If only another SIM may send the earlier message, it counts while that SIM makes tries
  (`candidates.OTHER_SIM_TIMEOUT`).

Lanes
-----
Every part is in one lane (`rules.lanes.Lane`, table `lane`): the set of senders that may take it, and which of them goes first.

* `sender`: one sender and no other. The message is pinned to it, or was begun by it: parts of one message share a concatenation
  reference, which belongs to one SIM.
* `any`, `cheapest`, `preferred`: every sender that may write to numbers with the lane's prefix. The first free one takes the
  part, or the cheapest goes first, or `home` does, the one with which the contact talked last. A SIM that does not go first
  takes only what has waited long enough (`routing.PREFERRED_SIM_WAIT`), unless those before it are not well, or the part was
  tried before.

`store.lanes.find_lane` chooses the lane when the part is queued: the pinned SIM; else the rules by the longest prefix of the
number, and the contact's last SIM. Alarms and OTPs prefer nobody. `rules.routing` says which SIM may take from which lane.

Search
------
`candidates.find` answers "what may this SIM send next?". It asks each lane that holds something and that the SIM may take from,
and merges what it finds by place. It leaves out

* the parts in `skip`: reserved for other modems, and the rest of their messages with them;
* the classes that a person has paused for this SIM (`pauses`), or of which the SIM may begin nothing more because of its quota
  (`quotas`). Of these only the rest of started messages goes: what has begun is finished;
* in shared lanes, the classes for which all SIMs that hold the lane have used up their quota. The result names such a lane
  (`ExhaustedLane`), and `quotas.hold_lane` then holds what waits there, until a window that has room for it.

A search only reads. The daemon searches ahead, encodes what it finds, and reserves it in memory; a reservation is a wish.

Claim
-----
`claims.claim` runs in the writer's transaction. It searches again, asks `decide` (consent, validity, window, clock) about each
candidate with the facts as they are now, ends those that may not go at all, and journals an attempt for the first that may: at
most `MAX_CANDIDATES` are looked at. A claim

* makes the attempt `open`, the part `sending`, and counts the part for the SIM's quotas;
* binds the message to the SIM if it has not started: all its parts move to the SIM's own lane, started, with
  `ending.REMAINDER_VALIDITY` more time, and a message of several parts takes the contact's next concatenation reference.

What is claimed and what is reserved may differ: the claim decides.

Outcome
-------
`outcomes.close_attempt` stores how the attempt ended:

* `sent`: the network has the part. The contact talks with this SIM from now on (`lanes.prefer_sim`).
* `refused`: the part, and what is queued of its message, is held until the next try, or fails. The quota is given back.
* `withdrawn`: no octet of the PDU was written. The part is queued again as if untouched. The quota is given back.
* `unknown`: written, and never answered. A late answer or a report may still prove `sent`. Without evidence an alarm or OTP is
  queued once more (`repeats`), and every other class stays `unknown`.

After a refusal or a withdrawal a message of which nothing can have left is bound no longer: not started, in the lane that
`find_lane` gives. After the end of a process `close_interrupted_attempts` closes what was on the air as `unknown`.

Indexes
-------
A claim must cost the same with one message and with millions, so each question has a partial index that holds only its rows:

* `part_queue (lane, rank, started DESC, message_id, seq)`, of queued parts: one lane in the order of claim. A search walks it
  from the head of a range of classes and stops at the first parts that may go (at most `MAX_SCANNED_PARTS`); of a barred class
  it asks for `started = 1` alone, so a paused campaign of 100,000 is not walked. The lanes that hold something are found by
  steps from one lane to the next larger one (`lanes.list_occupied`).
* `part_in_flight (number, rank, message_id)`, of queued and sending parts: earlier messages to a number in a class. The class
  has a column of its own, so that this is one range. The same index serves a STOP, beside `part_held`.
* `part_due` and `part_expiry`: what the clock does next.

SQLite 3.40.1 answers wrongly if a query has an IN list on one column of an index and a range on the next. No query here has that
shape: where two values were to be looked for, make it a column, or two queries. `tests/store/test_query_plans.py` asks SQLite for
the plan of every statement that runs here.
"""
