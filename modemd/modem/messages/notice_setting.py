"""Setting of the notices (`+CNMI`, 3GPP TS 27.005 3.4.1) while a session works: finds out that the modem has lost it, and writes
it again."""

from __future__ import annotations

from modemd import logs
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.negotiation import Storage, is_as_set, read_notices

log = logs.get(__name__)


class NoticeSetting:
    """Setting of the notices in one session. It begins with what the set-up chose; `replace` chooses another.

    A modem loses it by a reset that nobody saw, by another program, or as TS 27.005 3.4.4 demands: if a message that it handed
    over was not acknowledged in time, it sets mt and ds to 0. `refusal` is the answer of a modem that does not take the setting
    again; else None.
    """

    def __init__(self, dialogue: Dialogue, iccid: str, storage: Storage) -> None:
        self._dialogue = dialogue
        self._iccid = iccid
        self._command = storage.notices
        self._is_told = storage.tells_notices
        self.refusal: str | None = None

    def replace(self, command: str) -> None:
        """Chooses the setting that the modem has just taken."""
        self._command = command

    async def restore(self) -> bool:
        """Reads the setting, and writes the chosen one again if it is another. Returns True if it was another. A modem that does
        not tell its setting is believed."""
        if not (self._command and self._is_told):
            return False
        values = await read_notices(self._dialogue)
        if is_as_set(values or (), self._command):
            self.refusal = None
            return False
        await self._write(was=",".join(values or ()))
        return True

    async def restore_after_refusal(self) -> bool:
        """Does the same after a refused acknowledgement. If the modem does not tell its setting, it is written in any case, and
        False is returned."""
        if not self._command or self._is_told:
            return await self.restore()
        await self._write(was="not told")
        return False

    async def _write(self, was: str) -> None:
        answer = await self._dialogue.ask(self._command)
        self.refusal = None if answer.ok else answer.result.line
        log.warning(
            "setting of the notices was written again",
            iccid=self._iccid,
            was=was,
            command=self._command,
            result=answer.result.line,
        )
