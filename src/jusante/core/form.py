"""In what form a value stands somewhere: from the value itself to how many of them there are.

The words are in order, from what tells the most of one value to what tells the least. What is done to a value twice leaves
the later of two words; where a value comes by two ways, the earlier one counts.
"""

from typing import Literal, get_args

Form = Literal["whole", "part", "hashed", "pseudonymous", "generalised", "inferred", "aggregate", "counted"]
FORMS: tuple[Form, ...] = get_args(Form)
WORDS: dict[Form, str] = {
    "whole": "as it is",
    "part": "a part of it",
    "hashed": "a hash without a key",
    "pseudonymous": "a pseudonym",
    "generalised": "made coarser",
    "inferred": "a hint of it",
    "aggregate": "summed up",
    "counted": "counted",
}
"""Each form for people. A hash without a key can be undone by whoever can try all values; both it and a pseudonym are
pseudonymous in the sense of GDPR, article 4(5), and so still personal."""


def later(one: Form, other: Form) -> Form:
    """What is left of a value to which both was done."""
    return FORMS[max(FORMS.index(one), FORMS.index(other))]


def tells_more(one: Form, other: Form) -> bool:
    """Whether the first form tells more of a value than the second."""
    return FORMS.index(one) < FORMS.index(other)
