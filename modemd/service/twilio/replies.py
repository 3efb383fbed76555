"""Replies: the messages that an application asks for in its answer to a webhook about an inbound message.

A reply goes to the person who wrote, from the SIM that received. A word of consent is answered by modemd alone. What the policy
of consent forbids is refused as any other message, and two machines fall silent (`rules/twilio/reply_loops`).
"""

from __future__ import annotations

from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ModemdError, Refused, StoreError
from modemd.rules import phone_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.consent.answers import SenderKind, find_sender_kind
from modemd.rules.sender_numbers import may_be_answered
from modemd.rules.states import MessageState
from modemd.rules.twilio.errors import TwilioCode, TwilioError
from modemd.rules.twilio.new_message import LONGEST_BODY, StatusCallback, parse_callback_url
from modemd.rules.twilio.reply_loops import ReplyLoops
from modemd.rules.twilio.twiml import TwimlMessage, TwimlRedirect, parse_answer
from modemd.service.messages.submission import AlsoStore, MessageRequest, Submission
from modemd.service.rules_in_force import RulesInForce
from modemd.service.twilio.callbacks import StatusCallbacks, plan_callback
from modemd.service.twilio.forms import INBOX_RECEIVED, TellableChange
from modemd.service.twilio.numbers import OwnNumbers
from modemd.store import Store
from modemd.store.rows import InboxRow
from modemd.store.twilio import replies
from modemd.store.twilio.replies import ReplyFacts

log = logs.get(__name__)

# No key of a person has control characters, so none can be one of a reply.
KEYS = "\x1ftwiml\x1f"


class TwimlReplies:
    """Replies of applications. `callbacks` None: those are not offered."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rules: RulesInForce,
        clock: Clock,
        submission: Submission,
        numbers: OwnNumbers,
        callbacks: StatusCallbacks | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._submission = submission
        self._numbers = numbers
        self._callbacks = callbacks
        self._loops = ReplyLoops()

    async def take(
        self, change: TellableChange, body: bytes, content_type: str, key_id: int | None = None, hop: int = 0
    ) -> TwimlRedirect | None:
        """Accepts the messages of an answer, and returns where it goes on, if it does. The same answer once more sends nothing
        more. `key_id`: the key whose webhook it is, for the callbacks of the messages; `hop`: how many answers of this change
        went on here. Raises TwimlError if the answer cannot be read; a message that cannot be sent is logged."""
        row = change.data
        if change.kind != INBOX_RECEIVED or not isinstance(row, InboxRow):
            return None
        answer = parse_answer(body, content_type)
        facts = await self._store.read(partial(replies.read_facts, inbox_id=row.id)) if answer.messages else None
        if facts is None:
            return answer.redirect
        for place, message in enumerate(answer.messages, 1):
            try:
                key = f"{KEYS}{row.id}:{f'{hop}.' if hop else ''}{place}"
                await self._send(message, facts, key, key_id)
            except StoreError:
                raise
            except ModemdError as error:
                code = error.code if isinstance(error, TwilioError | Refused) else type(error).__name__
                log.warning("a TwiML reply was not sent", inbox=row.id, place=place, code=str(code))
        return answer.redirect

    async def _send(self, message: TwimlMessage, facts: ReplyFacts, key: str, key_id: int | None) -> None:
        """Accepts a message. Raises TwilioError and Refused."""
        now = self._clock.now()
        await self._check(message, facts)
        if not self._loops.allows(facts.sender, now):
            raise TwilioError(
                TwilioCode.RATE_EXCEEDED, "too many replies went to this number: it may be a machine, too"
            )
        request = MessageRequest(
            facts.sender,
            message.text,
            MessageClass.CONVERSATIONAL,
            key=key,
            sim=await self._find_sim(message, facts),
            short_code=True,
        )
        also = self._plan_callback(message, key_id)
        result = await self._submission.submit(request, also)
        if also is not None and self._callbacks is not None:
            self._callbacks.wake()
        if result.message.state is MessageState.REFUSED:
            raise TwilioError(TwilioCode.CANNOT_BE_SENT, "a rule has refused it")
        if not result.is_repeat:
            self._loops.note(facts.sender, now)

    async def _check(self, message: TwimlMessage, facts: ReplyFacts) -> None:
        """Raises TwilioError if a message may not be a reply."""
        if facts.is_word:
            raise TwilioError(TwilioCode.CANNOT_BE_SENT, "it was a word of consent, which modemd has answered")
        # A program answers, and no person: it may write after a STOP as far as other programs may.
        policy = self._rules.current().consent
        if policy.find_objection(MessageClass.TRANSACTIONAL, facts.sender, facts.marketing) is not None:
            raise TwilioError(TwilioCode.OPTED_OUT, "consent allows no message to this number")
        if message.has_media:
            raise TwilioError(TwilioCode.TOO_MANY_MEDIA, "modemd sends no media")
        if len(message.text) > LONGEST_BODY:
            raise TwilioError(TwilioCode.TOO_LONG, f"a reply has at most {LONGEST_BODY} characters")
        if find_sender_kind(facts.sender) is not SenderKind.NUMBER or not may_be_answered(facts.sender):
            raise TwilioError(TwilioCode.BAD_RECIPIENT, "the sender is no telephone of a person")
        if await self._numbers.find_sims(facts.sender):
            raise TwilioError(TwilioCode.BAD_RECIPIENT, "the sender is a SIM of this installation")
        if message.to is not None and facts.sender not in self._list_spellings(message.to):
            raise TwilioError(TwilioCode.BAD_RECIPIENT, "a reply goes to the sender; send others by the API")

    def _list_spellings(self, number: str) -> tuple[str, ...]:
        try:
            return phone_numbers.list_spellings(number, self._settings.current().country)
        except Refused:
            return ()

    async def _find_sim(self, message: TwimlMessage, facts: ReplyFacts) -> str:
        """Returns the SIM that a reply goes out from. Raises TwilioError."""
        if message.sender is None:
            return facts.sim
        sims = await self._numbers.find_sims(message.sender)
        if not sims:
            raise TwilioError(TwilioCode.NOT_OUR_NUMBER, "from is not the number of a SIM of this server")
        return facts.sim if facts.sim in sims else sims[0]

    def _plan_callback(self, message: TwimlMessage, key_id: int | None) -> AlsoStore | None:
        """Returns the change that registers the address for the status of a reply; None if there is none, if it is no whole URL,
        or must not be called: the person who wrote waits for the reply, and not for its status."""
        if message.callback is None or self._callbacks is None or key_id is None:
            return None
        try:
            url = parse_callback_url(message.callback)
            callback = StatusCallback(url, "GET" if message.method == "GET" else "POST")
            return plan_callback(self._callbacks, callback, key_id)
        except TwilioError as error:
            log.warning("the address for the status of a TwiML reply cannot be called", code=str(error.code))
            return None
