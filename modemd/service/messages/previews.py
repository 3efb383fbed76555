"""Previews: what would become of messages or of a file if they were accepted now. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from modemd.clock import Clock
from modemd.light_dataclass import dataclass
from modemd.service.messages.batches import Batches, list_lacks
from modemd.service.messages.csv_rows import NO_OPTIONS, BadRows, FileOptions
from modemd.service.messages.estimates import Estimate, Estimates
from modemd.service.messages.submission import MessageRequest, Submission, check_time
from modemd.service.messages.workload import Workload
from modemd.service.named_sim import MESSAGE_WAITS, MESSAGES_WAIT, find_warnings
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store
from modemd.store.outbox import batches as outbox
from modemd.store.outbox.batches import FileRow, JudgedRow, RowFate


@dataclass(frozen=True, slots=True)
class Preview:
    """Preview of the fates of some messages. `rows`: how many there are; `refused`: those that consent refuses; `again`: those
    whose key is known; `left_out`: rows whose number an earlier row has, if each number gets one message only; `estimate`: of
    those that would be sent."""

    rows: int
    refused: int
    again: int
    left_out: int
    warnings: tuple[str, ...]
    estimate: Estimate


class Previews:
    """Previews of requests (`preview_messages`) and of files (`preview_file`)."""

    def __init__(
        self,
        store: Store,
        submission: Submission,
        batches: Batches,
        rules: RulesInForce,
        clock: Clock,
        estimates: Estimates,
    ) -> None:
        self._store = store
        self._submission = submission
        self._batches = batches
        self._rules = rules
        self._clock = clock
        self._estimates = estimates

    async def preview_messages(self, request: MessageRequest, recipients: Sequence[str]) -> Preview:
        """Returns what would become of a request for some recipients. Raises what `Submission.submit_to_each` raises."""
        checked = self._submission.check_each(request, recipients)
        warnings = [each for _, some in checked for each in some]
        warnings += await find_warnings(self._store, request.sim, MESSAGES_WAIT if len(checked) > 1 else MESSAGE_WAITS)
        load = self._estimates.make_workload()
        judged = await self._judge([FileRow(None, new) for new, _ in checked], load)
        warnings += list_lacks(judged)
        return await self._make_preview([each.fate for each in judged], 0, warnings, load)

    async def preview_file(self, body: bytes, key: str | None = None, options: FileOptions = NO_OPTIONS) -> Preview:
        """Returns what would become of a CSV. Raises what `Batches.accept` raises."""
        found, load = await self._batches.open_file(body, options), self._estimates.make_workload()
        if (known := await self._batches.find_known(found, key, options)) is not None:
            return await self._make_preview([RowFate.KNOWN] * known.rows, 0, (), load)
        fates: list[RowFate] = []
        async for _ in self._batches.check_rows(found):
            rows = found.take_rows()
            if not found.problems:
                judged = await self._judge(rows, load)
                fates += [each.fate for each in judged]
                found.warn_of_file(list_lacks(judged))
        if found.problems:
            raise BadRows(found.problems)
        return await self._make_preview(fates, found.left_out, found.list_warnings(), load)

    async def _judge(self, rows: Sequence[FileRow], load: Workload) -> list[JudgedRow]:
        """Returns the fates of some rows, and counts those that would be sent, with their notices."""
        judge = partial(
            outbox.judge_rows, rows=rows, rules=self._rules.current(), judge=check_time, now=self._clock.now()
        )
        judged = await self._store.read(judge)
        load.add(
            replace(each.final, at=each.begins_at or each.final.at) for each in judged if each.fate is RowFate.SENT
        )
        return judged

    async def _make_preview(
        self, fates: Sequence[RowFate], left_out: int, warnings: Sequence[str], load: Workload
    ) -> Preview:
        estimate = self._estimates.estimate(load, await self._estimates.read_backlog())
        refused, again = fates.count(RowFate.REFUSED), fates.count(RowFate.KNOWN)
        return Preview(len(fates), refused, again, left_out, tuple(warnings), estimate)
