"""Rules in force: the sending rules, made of settings, SIMs and public holidays. A change of these makes them anew."""

from __future__ import annotations

from types import MappingProxyType

from modemd.config import CurrentSettings, Settings
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.sending_rules import SendingRules


class RulesInForce:
    """Holder of the sending rules in force. Call `current()` for each use: it returns a value that never changes."""

    def __init__(self, settings: CurrentSettings) -> None:
        self._settings = settings
        self._made_of = settings.current()
        self._rules = self._make(self._made_of)

    def current(self) -> SendingRules:
        """Returns the rules in force now."""
        settings = self._settings.current()
        if settings is not self._made_of:
            self._made_of, self._rules = settings, self._make(settings)
        return self._rules

    def _make(self, settings: Settings) -> SendingRules:
        return SendingRules(consent=make_consent_policy(settings))


def make_consent_policy(settings: Settings) -> ConsentPolicy:
    """Returns the settings of consent in the form that the rules use."""
    return ConsentPolicy(
        marketing_needs_opt_in=settings.consent.marketing == "opted_in",
        transactional_after_stop=MappingProxyType(
            {prefix: choice == "allow" for prefix, choice in settings.consent.transactional_after_stop.items()}
        ),
    )
