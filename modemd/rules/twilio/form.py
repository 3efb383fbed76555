"""Form bodies and queries: `application/x-www-form-urlencoded`, as Twilio's clients send it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from modemd.light_dataclass import dataclass

MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class TwilioForm:
    """Parameters of a request, in order. A parameter that is there twice is a list."""

    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str | bytes) -> TwilioForm:
        """Returns the parameters of a body or query. Raises ValueError if it is no form in UTF-8, or has too many of them."""
        try:
            given = text.decode("ascii") if isinstance(text, bytes) else text
            found = parse_qsl(given, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        except UnicodeDecodeError:
            raise ValueError("is no form in UTF-8 with percent signs") from None
        return cls(tuple(found))

    def get(self, name: str) -> str | None:
        """Returns the value of a parameter; None if it is not there. Of several, the last."""
        return next((value for key, value in reversed(self.fields) if key == name), None)

    def find(self, name: str) -> str | None:
        """Returns the value of a parameter without the blanks round it; None if it is not there, or empty."""
        return (self.get(name) or "").strip() or None

    def get_list(self, name: str) -> tuple[str, ...]:
        """Returns every value of a parameter that is not empty."""
        return tuple(value for key, value in self.fields if key == name and value)

    def is_true(self, name: str) -> bool:
        """Returns True if a parameter says so."""
        return (self.find(name) or "").casefold() == "true"
