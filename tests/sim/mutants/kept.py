"""Mistakes against promise 1: what was accepted is kept."""

from __future__ import annotations

from tests.sim.mutants.sources import SourceMutant as Mutant

_RECEIVER, _RECEIVER_TESTS = "modem/messages/receiver.py", "tests/modem/messages/test_receiver.py"
_ARRIVALS, _SLOTS = "modem/messages/arrivals.py", "modem/messages/slots.py"
_RECEIVING_TESTS = " ".join(f"tests/modem/messages/test_{name}.py" for name in ("slots", "arrivals", "receiver"))

MUTANTS = (
    Mutant(
        "old_log_beside_restored",
        "a restore leaves the old log beside the new database",
        "store/files/restore.py",
        'for suffix in ("-wal", "-shm"):\n        database',
        "for suffix in ():\n        database",
        "tests/store/files/test_backup.py",
    ),
    Mutant(
        "backup_not_synced",
        "a backup is not synced before it has its name",
        "store/files/backup.py",
        "        fsync_path(part)\n        os.link",
        "        os.link",
        "tests/store/files/test_backup.py",
    ),
    Mutant(
        "failed_commit_answered",
        "a change whose commit failed is answered as stored",
        "store/writer.py",
        "fail_changes(self.changes, self._failure)",
        "fail_changes(self.changes[:0], self._failure)",
        "tests/store/test_writer.py",
    ),
    Mutant(
        "closing_drops_changes",
        "closing drops what was submitted before",
        "store/writer.py",
        "            if first is None:\n                break",
        "            if first is None or self._closed:\n                break",
        "tests/store/test_writer.py",
    ),
    Mutant(
        "commit_not_synced",
        "a commit is answered before it is on the disk",
        "store/connection.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = OFF",
        "tests/store/test_connection.py",
    ),
    Mutant(
        "deleted_though_not_stored",
        "an arrival that could not be stored is deleted on the modem",
        _SLOTS,
        '                if not await self._arrivals.store(octets, slot=f"{memory}/{stored.index}"):\n'
        "                    return True",
        '                await self._arrivals.store(octets, slot=f"{memory}/{stored.index}")',
        _RECEIVING_TESTS,
    ),
    Mutant(
        "direct_arrival_dropped",
        "an arrival that no modem stores is dropped while the disk is full",
        _ARRIVALS,
        "            self._unstored.append(UnstoredArrival(self._identity, pdu))\n        else:",
        "            pass\n        else:",
        _RECEIVING_TESTS,
    ),
    Mutant(
        "report_deleted_early",
        "a report is deleted on the modem before it is durable",
        _RECEIVER,
        "        if is_stored:\n            self._deletable",
        "        if stored:\n            self._deletable",
        _RECEIVER_TESTS,
    ),
    Mutant(
        "damaged_arrival_stored",
        "an arrival that the line has damaged is stored, and deleted on the modem",
        _SLOTS,
        "            if octets is None or not _is_counted(stored):",
        "            if not stored.pdu:",
        _RECEIVING_TESTS,
    ),
    Mutant(
        "another_content_swallowed",
        "another message under a known key is answered as accepted",
        "store/outbox/accept.py",
        'if (row["number"], text, row["class"], row["at"]) != same:',
        'if row["number"] != new.number:',
        "tests/store/outbox/test_outbox.py",
    ),
    Mutant(
        "batch_begins_anew",
        "a batch that was promoted in part makes its messages again",
        "store/outbox/batches.py",
        "    staged_rows.remove_promoted(db, *rows)\n",
        "",
        "tests/store/outbox/test_batches.py",
    ),
    Mutant(
        "same_part_of_any_sim",
        "a part of a long message joins those that came to another SIM",
        "store/inbound/reassembly.py",
        "p.set_key = ? AND i.to_sim = ?",
        "p.set_key = ? AND i.to_sim >= substr(?, 1, 0)",
        "tests/store/inbound/test_reassembly.py",
    ),
    Mutant(
        "memory_not_left",
        "the memory that was looked at stays selected",
        "modem/messages/stored_messages.py",
        "            if self._dialogue.loss_reason is None and self._storage.memory is not None:",
        "            if self._storage.memory is None:",
        "tests/modem/messages/test_stored_messages.py tests/modem/messages/test_receiver.py",
    ),
)
