"""Schemathesis, unmodified, against a real daemon by TCP: every route, by what its description allows and by what it does not.

`MODEMD_SCHEMATHESIS_S` is how long it looks, in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.free_port import free_port
from tests.system.http.keyed import make_key
from tests.system.processes import Daemon, lab, off_loop, ports, until

SECONDS = float(os.environ.get("MODEMD_SCHEMATHESIS_S", "45"))
pytestmark = [pytest.mark.system, pytest.mark.timeout(2 * SECONDS + 240)]
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
# What ends the keys that it uses itself comes in a run of its own, the last one.
ENDS_KEYS = "^/v1/keys/.*/(revoke|rotate)"
# The stream of events has no end. 503 of the health is an answer, and so is what a network says of a USSD code.
CONFIGURATION = """
[[operations]]
include-path = "/v1/events"
parameters = { "query.follow" = false }
generation.mode = "positive"
phases.coverage.enabled = false

[[operations]]
include-path = "/healthz"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]

[[operations]]
include-path-regex = "^/v1/modems/.*/ussd"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "502", "503", "504"]
"""


async def test_no_answer_is_a_server_error_or_outside_the_schema(tmp_path: Path) -> None:
    """Whatever is sent: no 5xx, and no status, content type or body that the OpenAPI document does not have."""
    async with lab(tmp_path / "lab", modems=2) as built:
        port = free_port()
        daemon = Daemon(tmp_path, ports(built), country="FR", http={"listen": f"127.0.0.1:{port}"})
        with daemon.running():
            await until((tmp_path / "modemd.sock").exists, "the daemon answers")
            for name in ("first", "second"):  # ids that are likely to be tried
                await off_loop(make_key, daemon.config, name)
            key = await off_loop(make_key, daemon.config, "schemathesis")
            for seconds, *chosen in (
                (SECONDS, "--exclude-path-regex", ENDS_KEYS),
                (SECONDS / 10, "--include-path-regex", ENDS_KEYS),
            ):
                ended = await off_loop(look, tmp_path, port, key, seconds, *chosen)
                assert ended.returncode == 0, cut_lines(ended.stdout)
        log = daemon.log.read_text(encoding="utf-8")
        assert "Traceback" not in log
        assert key not in log


def look(folder: Path, port: int, key: str, seconds: float, *chosen: str) -> subprocess.CompletedProcess[str]:
    """Runs Schemathesis for so long."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIGURATION, encoding="utf-8")
    command = [str(SCHEMATHESIS), "--config-file", str(config), "run", f"http://127.0.0.1:{port}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS), *chosen]
    command += [
        "--max-time",
        str(max(int(seconds), 1)),
        "--request-timeout",
        "20",
        "--continue-on-failure",
        "--no-color",
    ]
    environment = os.environ | {"PYTHONWARNINGS": "default"}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=2 * seconds + 120, check=False
    )


def cut_lines(text: str) -> str:
    """Returns what it tells, without the end of long lines: it prints whole sources."""
    return "\n".join(line[:500] for line in text.splitlines())
