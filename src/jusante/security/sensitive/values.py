"""What a value looks like: by its form, and by its check digits where it has any. Each rule takes a stripped text."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from itertools import cycle

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}")
_CARD = re.compile(r"[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?")
_CPF = re.compile(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}")
_CNPJ = re.compile(r"\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}")
_PHONE = re.compile(
    r"(?:\+|00)\d{1,3}[ ./-]?(?:\(\d{1,4}\)[ ./-]?)?\d(?:[ ./-]?\d){5,12}|\(\d{2,4}\) ?\d(?:[ ./-]?\d){6,10}"
)
_PHONE_GROUPS = re.compile(r"0?\d{2,5}[ ./-]\d{2,5}(?:[ ./-]\d{2,5}){1,4}|\d{3,5}[ ./-]\d{4,8}")
_DATE_LIKE = re.compile(r"\d{4}([ ./-])\d{2}\1\d{2}|\d{1,2}([ ./-])\d{1,2}\2\d{4}")
_CARD_DIGITS, _PHONE_DIGITS = range(13, 20), range(8, 16)
_CPF_DIGITS, _IBAN_SHORTEST = 11, 15


def is_email(text: str) -> bool:
    """An address as RFC 5321 has it, in its everyday form."""
    return _EMAIL.fullmatch(text) is not None


def is_card(text: str) -> bool:
    """A payment card's number (ISO/IEC 7812): a known first digit, 13 to 19 digits, Luhn's check digit."""
    digits = _digits(text)
    return _CARD.fullmatch(text) is not None and len(digits) in _CARD_DIGITS and _luhn(digits)


def is_iban(text: str) -> bool:
    """A bank account (ISO 13616): its remainder by 97 is 1."""
    plain = text.replace(" ", "")
    if len(plain) < _IBAN_SHORTEST or not _IBAN.fullmatch(text):
        return False
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1


def is_cpf(text: str) -> bool:
    """A Brazilian taxpayer's number: eleven digits, two of them check digits, not all the same."""
    digits = _digits(text)
    if not _CPF.fullmatch(text) or len(set(digits)) == 1:
        return False
    return all(_mod11(digits[:n], range(n + 1, 1, -1)) == digits[n] for n in (_CPF_DIGITS - 2, _CPF_DIGITS - 1))


def is_cnpj(text: str) -> bool:
    """A Brazilian company's number: fourteen digits, two of them check digits."""
    digits = _digits(text)
    if not _CNPJ.fullmatch(text) or len(set(digits)) == 1:
        return False
    weights = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return _mod11(digits[:12], weights) == digits[12] and _mod11(digits[:13], (6, *weights)) == digits[13]


def is_ip(text: str) -> bool:
    """An Internet address, version 4 or 6."""
    if text.count(".") != 3 and text.count(":") < 2:  # the dots and colons of an address
        return False
    try:
        ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return True


def is_phone(text: str) -> bool:
    """A telephone number with its country's or its area's code marked as such."""
    return _PHONE.fullmatch(text) is not None and len(_digits(text)) in _PHONE_DIGITS


def may_be_phone(text: str) -> bool:
    """Digits, grouped or not, that can be a telephone number where the column says that they are."""
    if _DATE_LIKE.fullmatch(text):
        return False
    plain = is_phone(text) or _PHONE_GROUPS.fullmatch(text) is not None or text.isdigit()
    return plain and len(_digits(text)) in _PHONE_DIGITS


RULES: Mapping[str, Callable[[str], bool]] = {
    "email": is_email,
    "iban": is_iban,
    "cnpj": is_cnpj,
    "cpf": is_cpf,
    "card": is_card,
    "phone": is_phone,
    "ip": is_ip,
}
"""The kinds that values alone can tell, the surest first."""


def _digits(text: str) -> list[int]:
    return [int(each) for each in text if each.isascii() and each.isdigit()]


def _luhn(digits: list[int]) -> bool:
    doubled = (digit * factor for digit, factor in zip(reversed(digits), cycle((1, 2))))  # endless on one side
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _mod11(digits: list[int], weights: "range | tuple[int, ...]") -> int:
    rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest  # the rule's own numbers
