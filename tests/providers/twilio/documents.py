"""Documents as Twilio's API writes them."""

from __future__ import annotations

from typing import Any

ACCOUNT = "AC" + "a" * 32
SID = "SM" + "0" * 31 + "1"


def message(**changes: Any) -> dict[str, Any]:
    """A message that was just taken, but for the changes."""
    return {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": "Hello",
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": None,
        "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+15557122661",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": SID,
        "status": "queued",
        "to": "+15558675310",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json",
        **changes,
    }
