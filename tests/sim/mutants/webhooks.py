"""Mistakes in events and webhooks: everything that changes is told, at least once, in order, and only where it may go."""

from __future__ import annotations

from tests.sim.mutants.sources import SourceMutant as Mutant

_FEED, _FEED_TESTS = "store/changes/feed.py", "tests/store/changes/test_feed.py"
_STREAM, _STREAM_TESTS = "service/changes/feed.py", "tests/service/changes/test_feed.py"
_DELIVERIES, _LANES = "store/webhooks/deliveries.py", "service/webhooks/lanes.py"
_LANES_TESTS = "tests/service/webhooks/test_lanes.py"
_CLIENT, _CLIENT_TESTS = "service/webhooks/client.py", "tests/service/webhooks/test_client.py"

MUTANTS = (
    Mutant(
        "inbound_told_by_its_id",
        "a long inbound message is told of when its first part comes, or never",
        "store/inbound/inbox.py",
        "    add_event(db, None, now, RECEIVED, inbox=inbox_id)\n",
        "",
        _FEED_TESTS,
    ),
    Mutant(
        "last_event_deleted",
        "retention lets SQLite give the id of the last event again",
        "store/retention.py",
        "if last is not None and _find_last_event(db) != last:",
        "if False:",
        "tests/store/test_retention.py",
    ),
    Mutant(
        "restore_unseen",
        "a position of before a restore is taken for one of the restored database",
        _FEED,
        'make_stamp(row["at"]) == cursor.stamp',
        "True",
        _FEED_TESTS,
    ),
    Mutant(
        "streams_outlive_the_service",
        "a silent stream does not end with the service",
        _STREAM,
        "        for each in self._waiting:\n            each.set()\n",
        "",
        _STREAM_TESTS,
    ),
    Mutant(
        "events_of_a_message_overtake",
        "an event goes out though the one before it of the same message was not taken",
        _DELIVERIES,
        "e.id < d.id AND e.state = 'waiting')\n               ORDER BY",
        "e.id < 0 AND e.state = 'waiting')\n               ORDER BY",
        _LANES_TESTS,
    ),
    Mutant(
        "mark_stays",
        "the deliveries of a change are made again after a restart",
        _DELIVERIES,
        "    mark.move(db, cursor)\n",
        "",
        _LANES_TESTS,
    ),
    Mutant(
        "slow_receivers_take_all_places",
        "receivers that do not answer hold up those that do",
        _LANES,
        "self._slow if receiver.failures or receiver.is_slow else self._quick",
        "self._quick",
        _LANES_TESTS,
    ),
    Mutant(
        "refused_event_hammers",
        "an event that a receiver refuses is sent again at once",
        _LANES,
        "due = now + find_retry(delivery.strikes + 1) if is_strike else receiver.rests_until",
        "due = now",
        _LANES_TESTS,
    ),
    Mutant(
        "private_receiver_called",
        "a name or a redirect leads into the private network",
        _CLIENT,
        "if self._policy.allows(each)",
        "if True",
        _CLIENT_TESTS,
    ),
    Mutant(
        "certificate_of_anybody",
        "the certificate of a receiver may have any name",
        _CLIENT,
        "server_hostname=target.host",
        "server_hostname=target.host, assert_hostname=False",
        _CLIENT_TESTS,
    ),
)
