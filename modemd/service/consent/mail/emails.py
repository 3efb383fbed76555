"""E-mail addresses of contacts, as the faces add, remove and list them."""

from __future__ import annotations

from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.rules import phone_numbers
from modemd.rules.consent.mail.addresses import normalise_address
from modemd.service.pages import PagedList, read_paged_list
from modemd.store import Store
from modemd.store.consent import emails
from modemd.store.consent.emails import ContactEmailRow

log = logs.get(__name__)


class ContactEmails:
    """Addresses from which a mail can opt out a number."""

    def __init__(self, store: Store, settings: CurrentSettings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    async def add(self, number: str, address: str) -> ContactEmailRow:
        """Stores an address of a number; one that is stored already stays. Raises Refused (`bad_address`, or what
        `parse_recipient` raises)."""
        recipient = phone_numbers.parse_recipient(number, country=self._settings.current().country)
        change = partial(emails.add, number=recipient.number, address=_check_address(address), now=self._clock.now())
        row = await self._store.write(change)
        log.info("address added", number=row.number)
        return row

    async def remove(self, number: str, address: str) -> ContactEmailRow:
        """Deletes an address of a number, and returns it as it was. Raises Refused (`bad_address`, `bad_number`, `not_possible`;
        `not_found` if the number has no such address)."""
        numbers = phone_numbers.list_spellings(number, self._settings.current().country)
        address = _check_address(address)
        change = partial(emails.remove, number=numbers[0], address=address, now=self._clock.now())
        row = await self._store.write(change)
        if row is None:
            raise Refused(ErrorCode.NOT_FOUND, f"{numbers[0]} has no address {phone_numbers.quote(address)}")
        log.info("address removed", number=row.number)
        return row

    async def list_emails(
        self, number: str | None, *, after: tuple[str, str], limit: int
    ) -> PagedList[ContactEmailRow]:
        """Returns the addresses of a number, or of all, in the order of the addresses; those behind the address and number
        `after`; `limit` 0 means all. Raises Refused (`bad_number`, `not_possible`)."""
        spellings = phone_numbers.list_spellings(number, self._settings.current().country) if number else (None,)

        async def read(last: ContactEmailRow | None, rows: int) -> list[ContactEmailRow]:
            behind = (last.address, last.number) if last is not None else after
            return await self._store.read(partial(emails.list_emails, number=spellings[0], after=behind, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(emails.count, number=spellings[0]))

        return await read_paged_list(read, count, limit=limit)


def _check_address(text: str) -> str:
    address = normalise_address(text)
    if address is None:
        raise Refused(
            ErrorCode.BAD_ADDRESS,
            f"{phone_numbers.quote(text[:40])} is no e-mail address; write it as ana@example.com, without a name",
        )
    return address
