from calibration.record import Person
from calibration.register.people import shown, who


def test_what_was_only_typed_says_so() -> None:
    assert shown(Person(name="anna", authenticated=True)) == who(Person(name="anna", authenticated=True)) == "anna"
    assert shown(Person(name="anna")) == who(Person(name="anna")) == "anna (not authenticated)"
    assert (shown(Person(name="")), who(Person(name=""))) == ("nobody (not authenticated)", "")
