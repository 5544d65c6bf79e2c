import pytest

from pressroom import errors
from pressroom.problems import problem

# The client and the command line add kinds of their own, which no server answers with.
OURS = [error for error in errors.PressroomError.__subclasses__() if error.__module__ == errors.__name__]


def test_a_problem_says_what_where_and_what_to_do() -> None:
    said = problem(
        errors.BadParameters("two faults", hint="look", errors=(errors.Detail("/a", "not a date"),))
    )
    assert said == {
        "type": "urn:pressroom:problem:bad_parameters",
        "title": "Bad parameters",
        "status": 422,
        "detail": "two faults",
        "code": "bad_parameters",
        "errors": [{"pointer": "/a", "detail": "not a date"}],
        "retryable": False,
        "hint": "look",
    }


@pytest.mark.parametrize("error", OURS, ids=lambda e: e.code)
def test_every_error_has_a_code_of_its_own(error: type[errors.PressroomError]) -> None:
    codes = [other.code for other in OURS]
    assert codes.count(error.code) == 1
    assert problem(error("x"))["retryable"] is error.retryable


def test_an_error_that_is_not_ours_does_not_give_its_text_away() -> None:
    said = problem(ValueError("/etc/shadow"))
    assert "/etc" not in str(said)
    assert (said["status"], said["code"]) == (500, "internal")
