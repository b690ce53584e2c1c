"""What a column's name says: in English, Portuguese, Spanish, German, French and Italian."""

import re
import unicodedata
from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "email": r"e ?mail(s| address(es)?| addr)?|mail address|correo( electronico)?|endereco de email|courriel",
    "phone": (
        r"(tele)?phone( (number|no|nr))?|mobile( (phone|number|no))?|cell( ?phone)?( number)?|fax( number)?|msisdn|whatsapp"
        r"|telefone?( (celular|fixo|movil))?|celular|telemovel|telefono|movil|tel( (nr|no|number))?|handy( ?nummer)?"
        r"|telefon( ?nummer)?|rufnummer|portable|cellulare"
    ),
    "name": (
        r"(first|given|middle|last|family|full|maiden|birth|legal|preferred) ?names?|surname|forename|nick ?name"
        r"|nome completo|primeiro nome|ultimo nome|sobrenome|apelido|nome (do|da) (cliente|titular|mae|pai)"
        r"|nombre completo|primer nombre|apellidos?|vorname|nachname|familienname|vollname|geburtsname"
        r"|prenoms?|nom de famille|nom complet|cognome|nome e cognome|(card ?holder|account holder|recipient|contact) name"
        r"|f ?name|l ?name"
    ),
    "birth_date": (
        r"(date of birth|birth ?(date|day)|dob|d o b|born( on| at)?|birth ts)|(data (de )?)?nascimento|dt nasc(imento)?"
        r"|data nasc|(fecha (de )?)?nacimiento|geburts(datum|tag)|geb ?datum|(date (de )?)?naissance|data (di )?nascita"
    ),
    "ip": r"ip|ip ?(v4|v6)?( ?addr(ess)?)?|(client|remote|source|user|last|login|signup) ip( ?addr(ess)?)?|endereco ip",
    "card": r"(credit|debit|payment)? ?card ?(number|no|nr|num)|pan|cc ?(number|num|no)|numero do cartao|kartennummer",
    "iban": r"iban|bank account iban",
    "cpf": r"cpf|nr cpf|num cpf|cpf (do )?(cliente|titular)|cpf number",
    "cnpj": r"cnpj|nr cnpj|num cnpj|cnpj (da )?(empresa|loja)",
}
_PATTERNS = {kind: re.compile(rf"(?:.* )?(?:{words})(?: \d+)?", re.IGNORECASE) for kind, words in _WORDS.items()}
_PERSONS = re.compile(
    r"(?:.* )?(customer|client|user|person|people|employee|staff|contact|patient|member|subscriber|author|lead|passenger|"
    r"student|guest|driver|tenant|cliente|usuario|pessoa|funcionario|paciente|persona|empleado|kunde|mitarbeiter|patientin|"
    r"utilisateur|personne)(s|es|n)?(?: .*)?"
)
_NAME = re.compile(r"(name|nome|nombre|nom)")
_NO_PERSON = re.compile(
    r".*\b(is|has|count|num|total|verified|hash|hashed|sha|md5|domain|type|template|status|opt|opted|consent|subject|sent|"
    r"opened|clicked|version|flag|enabled|id|key|code|at|ts|time|timestamp)\b.*"
)


def told_by_name(column: str, table: str = "") -> str | None:
    """The kind of personal data that a column of this name would hold; a bare `name` is a person's in a table of persons."""
    words = plain_words(column)
    table_words = plain_words(table)
    if _NAME.fullmatch(words):
        return "name" if _PERSONS.fullmatch(table_words) else None
    if _NAME.fullmatch(words.rpartition(" ")[2]) and _PERSONS.fullmatch(words.rpartition(" ")[0]):
        return "name"
    for kind, pattern in _PATTERNS.items():
        if pattern.fullmatch(words) and not (
            _NO_PERSON.fullmatch(words) and kind not in {"birth_date", "phone", "card"}
        ):
            return kind
    return None


def plain_words(name: str) -> str:
    """`customerEmail_1` and `CUSTOMER-EMAIL 1` as `customer email 1`; accents gone."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    split = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", bare)
    return re.sub(r"[^a-zA-Z0-9]+", " ", split).strip().lower()
