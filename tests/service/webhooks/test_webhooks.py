"""What the faces do with webhooks."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from tests.service.webhooks.bench import CRM, WebhookBench, run_bench


@pytest.mark.parametrize(
    ("url", "events", "format", "code"),
    [
        ("ftp://crm.example.com", ["*"], "modemd", "bad_url"),
        ("http://192.168.7.9/sms", ["*"], "modemd", "bad_url"),
        ("http://[::1]/sms", ["*"], "modemd", "bad_url"),
        (CRM, ["sms.*"], "modemd", "bad_kind"),
        (CRM, [], "modemd", "bad_kind"),
        (CRM, ["*"], "xml", "bad_format"),
        (CRM, ["*"], "twilio", "bad_format"),
    ],
)
def test_what_is_wrong_is_refused(url: str, events: list[str], format: str, code: str) -> None:
    """Before anything is stored."""

    async def scenario(bench: WebhookBench) -> None:
        with pytest.raises(Refused) as refused:
            await bench.webhooks.add(url, events, format, None)
        assert refused.value.code == code
        assert await bench.webhooks.list_webhooks() == []

    run_bench(scenario)


def test_each_webhook_has_a_secret_of_its_own() -> None:
    """Which is told once; http is warned of."""

    async def scenario(bench: WebhookBench) -> None:
        one = await bench.webhooks.add(CRM, ["*"], "modemd", None)
        two = await bench.webhooks.add("http://crm.example.com/", ["*"], "modemd", None)
        assert one.secret is not None
        assert one.secret.startswith("whsec_")
        assert one.secret != two.secret
        assert (one.warnings, len(two.warnings)) == ((), 1)
        assert [row.url for row in await bench.webhooks.list_webhooks()] == [CRM, "http://crm.example.com/"]
        assert not hasattr(one.webhook, "secret")

    run_bench(scenario)
