"""What holds for all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest

from tests.pdu.vectors import vectors

pytest_plugins = ["pytester"]


def nothing_may_skip() -> bool:
    """CI has everything that a test could miss, so a skip there is a test that has quietly stopped."""
    return os.environ.get("CI") == "true"


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure where nothing may skip. An expected failure is reported as a skip too, and stays one."""
    if nothing_may_skip() and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} may not skip where CI=true: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_if_skipped(report)
    return report


def pytest_configure() -> None:
    """Collecting 13,000 tests leaves nothing to the garbage collector, which takes a third of the time to find that out."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays, and is not looked through again with each test."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Conformance vectors add cases where their folder is; where it is not, a test of nothing else is left out, not skipped."""
    absent = [item for item in items if _has_no_cases(item) and _takes_vectors(item)]
    config.hook.pytest_deselected(items=absent)
    items[:] = [item for item in items if item not in absent]


def _has_no_cases(item: pytest.Item) -> bool:
    return any(
        mark.kwargs.get("reason", "").startswith("got empty parameter set") for mark in item.iter_markers("skip")
    )


def _takes_vectors(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and getattr(item.module, "vectors", None) is vectors
