"""Under CI=true nothing may skip."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")
# An inner run that reads no configuration of ours still has to know which loop scope pytest-asyncio should take.
INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"

SKIPPING = {
    "mark": "import pytest\n@pytest.mark.skip(reason='no modem')\ndef test_it(): pass\n",
    "condition": "import pytest\n@pytest.mark.skipif(True, reason='no modem')\ndef test_it(): pass\n",
    "call": "import pytest\ndef test_it(): pytest.skip('no modem')\n",
    "module": "import pytest\npytest.skip('no modem', allow_module_level=True)\ndef test_it(): pass\n",
    "missing_import": "import pytest\npytest.importorskip('no_modem')\ndef test_it(): pass\n",
    "fixture": "import pytest\n@pytest.fixture\ndef bench(): pytest.skip('no modem')\ndef test_it(bench): pass\n",
}
XFAIL = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n"


def run(pytester: pytest.Pytester, **modules: str) -> pytest.RunResult:
    """A run of `modules` under our conftest, without a plugin that they do not need."""
    pytester.makeini(INI)
    pytester.makeconftest(CONFTEST.replace('pytest_plugins = ["pytester"]', ""))
    pytester.makepyfile(**{f"test_{name}": source for name, source in modules.items()})
    return pytester.runpytest("-rs", "--continue-on-collection-errors", "-p", "no:hypothesispytest", "-p", "no:xdist")


def test_every_skip_fails_under_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a test is skipped, CI calls it a failure and names the reason."""
    monkeypatch.setenv("CI", "true")
    result = run(pytester, sound="def test_it(): pass\n", **SKIPPING)
    result.assert_outcomes(passed=1, failed=1, errors=5)  # in a test's body a failure; before it, an error
    for name in SKIPPING:
        result.stdout.fnmatch_lines_random([f"test_{name}.py* may not skip where CI=true: *no?modem*"])


def test_at_home_a_skip_is_a_skip(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lacks a program may run the other tests."""
    monkeypatch.setenv("CI", "")
    result = run(pytester, sound="def test_it(): pass\n", **SKIPPING)
    result.assert_outcomes(passed=1, skipped=len(SKIPPING))
    assert result.ret == pytest.ExitCode.OK


def test_an_expected_failure_is_no_skip(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test marked to fail, which does fail, is as expected in CI too."""
    monkeypatch.setenv("CI", "true")
    run(pytester, expected=XFAIL).assert_outcomes(xfailed=1)


EMPTY = "import pytest\nfrom tests.pdu.vectors import vectors\n@pytest.mark.parametrize('case', [])\ndef test_it(case): pass\n"


def test_absent_vectors_skip_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test whose only cases are conformance vectors is left out where there are none, in CI as at home."""
    monkeypatch.setenv("CI", "true")
    result = run(pytester, vectors=EMPTY, sound="def test_it(): pass\n")
    result.assert_outcomes(passed=1, deselected=1)


def test_other_tests_without_cases_are_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of cases that has become empty for another reason is a skip, and so a failure in CI."""
    monkeypatch.setenv("CI", "true")
    other = EMPTY.replace("from tests.pdu.vectors import vectors\n", "")
    run(pytester, other=other).assert_outcomes(errors=1)
