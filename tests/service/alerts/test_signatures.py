"""Signatures at the doors that want one."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from modemd.config.doors import AlertDoorSettings, GrafanaSettings
from modemd.errors import ErrorCode, Refused
from modemd.rules.alerts.grafana_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from modemd.service.alerts.signatures import AlertSignatures
from tests.service.assembled import assembled_service

BODY, NUMBERS = b"{}", {"sms": ("+33612345678",)}


def sign(signed: bytes) -> str:
    return hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()


async def test_only_what_is_signed_comes_in(tmp_path: Path) -> None:
    """Else it is 401; while the secret cannot be read it is 503, so that nothing is lost. Other doors want no signature."""
    secret = tmp_path / "secret"
    doors = {
        "grafana": GrafanaSettings(receivers=NUMBERS, hmac_secret_file=secret),
        "alertmanager": AlertDoorSettings(receivers=NUMBERS),
    }
    async with assembled_service(tmp_path) as assembled:
        signatures, now = AlertSignatures(doors, assembled.clock), assembled.clock.now()

        async def code_of(**headers: str) -> int:
            with pytest.raises(Refused) as refused:
                await signatures.check("grafana", BODY, headers)
            assert "s3cret" not in refused.value.reason
            assert isinstance(refused.value.code, ErrorCode)
            return refused.value.code.status

        signed = {SIGNATURE_HEADER: sign(BODY)}
        assert await code_of(**signed) == 503
        secret.write_text("s3cret\n", encoding="utf-8")
        secret.chmod(0o644)
        assert await code_of(**signed) == 503
        secret.chmod(0o600)
        assert await code_of() == 401
        assert await code_of(**{SIGNATURE_HEADER: "0" * 64}) == 401
        await signatures.check("grafana", BODY, signed)
        stamp = f"{now.timestamp():.0f}"
        stamped = {TIMESTAMP_HEADER: stamp, SIGNATURE_HEADER: sign(f"{stamp}:".encode() + BODY)}
        await signatures.check("grafana", BODY, stamped)
        assembled.clock.passes(minutes=6)
        assert await code_of(**stamped) == 401
        await signatures.check("alertmanager", BODY, {})
