"""Accounts, numbers and balance of Twilio's API: what clients ask for when they connect."""

from __future__ import annotations

from functools import partial

from fastapi import Response
from fastapi.responses import JSONResponse

from modemd.api.twilio import documents
from modemd.api.twilio.pages import page_response
from modemd.api.twilio.resources import TwilioCall
from modemd.light_dataclass import dataclass
from modemd.rules.twilio.errors import TwilioCode, TwilioError
from modemd.rules.twilio.sids import make_number_sid
from modemd.service.twilio.numbers import OwnNumber, OwnNumbers

# Whoever may send needs to know from which numbers.
_MAY_SEE_NUMBERS = ("messages:write", "messages:read", "modems:read")


@dataclass(frozen=True, slots=True)
class AccountAnswers:
    """Answers to the calls about an account and its numbers."""

    numbers: OwnNumbers

    async def fetch_account(self, call: TwilioCall) -> Response:
        """Shows the account: the way to check its credentials. Every key may."""
        return JSONResponse(documents.make_account(call.account_sid, call.author))

    async def list_accounts(self, call: TwilioCall) -> Response:
        """Lists the caller's account, which has no others under it."""
        name = call.form.find("FriendlyName")
        found = [call.account_sid] if name in (None, call.author) else []
        make = partial(documents.make_account, name=call.author)
        return page_response(call, "accounts", found, make)

    async def list_numbers(self, call: TwilioCall) -> Response:
        """Lists the numbers of the SIMs, on one page."""
        call.check_scope(*_MAY_SEE_NUMBERS)
        number, name = call.form.find("PhoneNumber"), call.form.find("FriendlyName")
        found = [
            each
            for each in await self._list_numbers(call)
            if (number is None or number.strip("*") in each.number) and name in (None, each.name, each.number)
        ]
        make = partial(documents.make_number, account_sid=call.account_sid)
        return page_response(call, "incoming_phone_numbers", found, make)

    async def fetch_number(self, call: TwilioCall) -> Response:
        """Shows the number of a SIM."""
        call.check_scope(*_MAY_SEE_NUMBERS)
        return JSONResponse(documents.make_number(await self._find_number(call), call.account_sid))

    async def refuse_change(self, call: TwilioCall) -> Response:
        """Raises TwilioError: numbers come with SIMs, and webhooks are the administrator's."""
        raise TwilioError(
            TwilioCode.WRONG_METHOD,
            "numbers cannot be bought, changed or released here: they are those of the SIMs; modemd webhooks says who is told of"
            " inbound messages",
        )

    async def fetch_balance(self, call: TwilioCall) -> Response:
        """Shows what the SIMs have left, all together. modemd does not know the currency of their operators."""
        call.check_scope("modems:read")
        balance = await self.numbers.add_balances()
        if balance is None:
            raise TwilioError(
                TwilioCode.NOT_FOUND, "the balance of no SIM is known; sims.balance says how to ask for it"
            )
        return JSONResponse({"account_sid": call.account_sid, "balance": f"{balance:.2f}", "currency": None})

    async def _list_numbers(self, call: TwilioCall) -> list[OwnNumber]:
        """Returns the numbers by which the caller may send."""
        lines = call.caller.lines
        return [each for each in await self.numbers.list_numbers() if not lines or each.sim in lines]

    async def _find_number(self, call: TwilioCall) -> OwnNumber:
        sid = call.get("sid")
        for each in await self._list_numbers(call):
            if make_number_sid(each.sim) == sid:
                return each
        raise TwilioError(TwilioCode.NOT_FOUND, f"there is no number {sid[:40]}")
