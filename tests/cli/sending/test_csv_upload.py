"""The progress of a large file, with a daemon and without."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from modemd.cli.sending import csv_upload
from modemd.cli.show import progress
from modemd.config import Settings
from modemd.errors import ErrorCode, Refused

SETTINGS = Settings.model_validate({"database": str(Path("/nowhere/modemd.db"))})


class SlowApi:
    """An API that has staged some rows more at each question, and answers the upload after the last of `staged`. None stands
    for a question that it refuses."""

    def __init__(self, staged: list[int | None]) -> None:
        self._staged = staged
        self._is_accepted = threading.Event()
        self.keys: list[str] = []

    def __call__(self, settings: Settings, method: str, path: str, *, query: dict[str, Any], **_: object) -> Any:
        self.keys.append(query["key"])
        if method == "POST":
            assert self._is_accepted.wait(10)
            return {"id": 1}
        if not self._staged:
            return []
        rows = self._staged.pop(0)
        if not self._staged:
            self._is_accepted.set()
        if rows is None:
            raise Refused(ErrorCode.UNAVAILABLE, "not now")
        return [{"rows": rows}] if rows else []


def test_a_large_preview_says_that_it_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is staged that could be counted, so a person reads one line; for a small file none."""
    monkeypatch.setattr(csv_upload, "call_api", lambda *_, **__: {"rows": 1})
    large = b"x" * (csv_upload.LARGE_FILE + 1)
    assert csv_upload.preview_rows(SETTINGS, large, {}, show=True) == {"rows": 1}
    assert capsys.readouterr().err == "the rows are being checked\n"
    csv_upload.preview_rows(SETTINGS, b"x", {}, show=True)
    csv_upload.preview_rows(SETTINGS, large, {}, show=False)
    assert capsys.readouterr().err == ""


def upload(monkeypatch: pytest.MonkeyPatch, api: SlowApi, key: str | None = None) -> None:
    monkeypatch.setattr(csv_upload, "call_api", api)
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL_S", 0.001)
    assert csv_upload.post_rows(SETTINGS, b"to,text,class", {}, key, show=True) == {"id": 1}


def test_the_progress_is_printed_over_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not staged yet, or cannot be asked now, prints nothing; the line ends when the file is accepted."""
    api = SlowApi([0, 50, None, 100])
    upload(monkeypatch, api)
    assert capsys.readouterr().err == "\r50 rows checked and staged\r100 rows checked and staged\n"
    assert len(set(api.keys)) == 1
    assert api.keys[0].startswith(csv_upload.OWN_KEY)


def test_a_file_with_a_key_is_asked_for_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a person is the only one that the batch has."""
    api = SlowApi([50])
    upload(monkeypatch, api, key="monday")
    assert set(api.keys) == {"monday"}
