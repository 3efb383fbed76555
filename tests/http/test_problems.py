"""Problem details."""

from __future__ import annotations

from modemd.http.problems import is_problem, make_problem


def test_a_problem_has_what_rfc_9457_names() -> None:
    """Type, title, status and detail, beside the code and what else is told."""
    problem = make_problem("opted_out", 409, "it has opted out", problems=["one"])
    assert problem == {
        "type": "urn:modemd:error:opted_out",
        "title": "Opted out",
        "status": 409,
        "code": "opted_out",
        "detail": "it has opted out",
        "problems": ["one"],
    }
    assert is_problem(problem)
    assert not is_problem({"code": "opted_out", "detail": "a message can have such fields"})
    assert not is_problem([problem])
