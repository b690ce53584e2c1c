"""Columns with made-up values, in several locales: 70 of personal data and 130 of everything else, by name and Iceberg type.

Check digits are computed here, by other code than that under test. Nobody's data stand in them.
"""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

ROWS = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """A column as the door sees it, and what is in it: the kind of personal data, none for anything else."""

    table: str
    column: str
    type: str
    values: tuple[Any, ...]
    kind: str | None

    @property
    def id(self) -> str:
        """Its name in reports."""
        return f"{self.table}.{self.column}"


_FIRST = [
    "Ana",
    "Lúcia",
    "João",
    "Marie",
    "François",
    "Jürgen",
    "Anke",
    "Giulia",
    "Paolo",
    "Siobhan",
    "Zoë",
    "Ivan",
    "Chloé",
    "Nils",
    "Noémie",
    "Tomás",
]
_LAST = [
    "Silva",
    "Souza",
    "Müller",
    "Weiß",
    "Dupont",
    "Lefèvre",
    "Rossi",
    "Ferrari",
    "O'Neill",
    "García-Pérez",
    "Nuñez",
    "Novák",
    "Smith",
    "Jones",
]


def _luhn(digits: str) -> str:
    total = sum(sum(divmod(int(d) * (1 + (i % 2 == 0)), 10)) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def _iban(country: str, account: str) -> str:
    moved = account + country + "00"
    number = int("".join(str(int(each, 36)) for each in moved))
    return f"{country}{98 - number % 97:02d}{account}"


def _mod11(digits: list[int], weights: list[int]) -> int:
    rest = sum(a * b for a, b in zip(digits, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def _cpf(r: random.Random) -> str:
    digits = [r.randrange(10) for _ in range(9)]
    for length in (9, 10):
        digits.append(_mod11(digits, list(range(length + 1, 1, -1))))
    return "".join(map(str, digits))


def _cnpj(r: random.Random) -> str:
    digits = [r.randrange(10) for _ in range(8)] + [0, 0, 0, 1]
    weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    digits.append(_mod11(digits, weights))
    digits.append(_mod11(digits, [6, *weights]))
    return "".join(map(str, digits))


def _digits(r: random.Random, count: int) -> str:
    return "".join(str(r.randrange(10)) for _ in range(count))


def _shaped(shape: str) -> Callable[[random.Random], str]:
    """Values of a shape: `#` is a digit, `+` and the rest stand for themselves."""
    return lambda r: "".join(str(r.randrange(1, 10)) if each == "#" else each for each in shape)


def _dotted(digits: str, shape: str) -> str:
    rest = iter(digits)
    return "".join(next(rest) if each == "#" else each for each in shape)


def _email(r: random.Random) -> str:
    user = r.choice(["{a}.{b}", "{a}{n}", "{b}+shop", "{a}_{b}", "{a}"])
    host = r.choice(["mail.example", "firma.example.de", "correio.com.br", "x-y.co.uk", "posta.example.it"])
    return (
        user.format(a=r.choice(["ana", "joao", "marie", "jurgen"]), b=r.choice(["silva", "muller"]), n=r.randrange(99))
        + f"@{host}"
    )


def _first(r: random.Random) -> str:
    return r.choice(_FIRST)


def _last(r: random.Random) -> str:
    return r.choice(_LAST)


def _full(r: random.Random) -> str:
    return f"{_first(r)} {_last(r)}"


def _born(form: str) -> Callable[[random.Random], str]:
    return lambda r: form.format(y=r.randrange(1930, 2008), m=r.randrange(1, 13), d=r.randrange(1, 29))


def _ipv4(r: random.Random) -> str:
    return ".".join(str(r.randrange(1, 255)) for _ in range(4))


def _ipv6(r: random.Random) -> str:
    return "2001:db8:" + ":".join(f"{r.randrange(65536):x}" for _ in range(6))


def _card(r: random.Random) -> str:
    return _luhn(r.choice("45") + _digits(r, 14))


def _grouped(number: str) -> str:
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


_PERSONAL: list[tuple[str, str, str, str, Callable[[random.Random], Any]]] = [
    ("users", "email", "string", "email", _email),
    ("kunden", "mail_adresse", "string", "email", _email),
    ("clientes", "correo", "string", "email", _email),
    ("orders", "contact", "string", "email", _email),
    ("orders", "billing_email", "string", "email", _email),
    ("events", "user_id", "string", "email", _email),
    ("tickets", "from", "string", "email", lambda r: _email(r).upper()),
    ("tickets", "reporter", "string", "email", _email),
    ("logs", "payload_1", "string", "email", _email),
    ("newsletter", "EMAIL_ADDRESS", "string", "email", _email),
    ("leads", "workEmail", "string", "email", _email),
    ("crm", "login", "string", "email", lambda r: _email(r) if r.random() < 0.9 else "admin"),
    ("users", "phone", "string", "phone", _shaped("+1 (###) ###-####")),
    ("users", "mobile", "string", "phone", _shaped("+44 7### ######")),
    ("clientes", "telefone", "string", "phone", _shaped("(##) 9####-####")),
    ("clientes", "celular", "string", "phone", _shaped("##9########")),
    ("kunden", "handy", "string", "phone", _shaped("0### #######")),
    ("kunden", "telefon", "string", "phone", _shaped("+49 30 #######")),
    ("clients", "portable", "string", "phone", _shaped("06 ## ## ## ##")),
    ("clienti", "cellulare", "string", "phone", _shaped("+39 3## #######")),
    ("clientes", "telefono_movil", "string", "phone", _shaped("6## ### ###")),
    ("calls", "caller", "string", "phone", _shaped("+55 11 9####-####")),
    ("calls", "a_number", "string", "phone", _shaped("+91##########")),
    ("sms", "msisdn", "long", "phone", lambda r: int("55119" + _digits(r, 8))),
    ("shops", "whatsapp", "string", "phone", _shaped("+351 9## ### ###")),
    ("orders", "delivery_phone", "string", "phone", _shaped("###-###-####")),
    ("payments", "card_number", "string", "card", _card),
    ("payments", "pan", "string", "card", lambda r: _grouped(_card(r))),
    ("payments", "instrument", "string", "card", _card),
    ("payments", "cc", "long", "card", lambda r: int(_card(r))),
    ("refunds", "ref", "string", "card", _card),
    ("payments", "amex", "string", "card", lambda r: _luhn("37" + _digits(r, 12))),
    ("accounts", "iban", "string", "iban", lambda r: _iban("DE", _digits(r, 18))),
    ("accounts", "konto", "string", "iban", lambda r: _grouped(_iban("DE", _digits(r, 18)))),
    ("accounts", "account", "string", "iban", lambda r: _iban("FR", _digits(r, 20) + "A" + _digits(r, 2))),
    ("payouts", "destination", "string", "iban", lambda r: _iban("GB", "WEST" + _digits(r, 14))),
    ("payouts", "bank", "string", "iban", lambda r: _iban("NL", "ABNA" + _digits(r, 10))),
    ("contas", "cuenta", "string", "iban", lambda r: _iban("ES", _digits(r, 20))),
    ("conti", "conto", "string", "iban", lambda r: _iban("IT", "X" + _digits(r, 22))),
    ("clientes", "cpf", "string", "cpf", _cpf),
    ("clientes", "documento", "string", "cpf", lambda r: _dotted(_cpf(r), "###.###.###-##")),
    ("pedidos", "id_fiscal", "string", "cpf", _cpf),
    ("notas", "nr_cpf", "long", "cpf", lambda r: int(_long_cpf(r))),
    ("empresas", "cnpj", "string", "cnpj", _cnpj),
    (
        "fornecedores",
        "registro",
        "string",
        "cnpj",
        lambda r: _dotted(_cnpj(r), "##.###.###/####-##"),
    ),
    ("lojas", "inscricao", "string", "cnpj", _cnpj),
    ("visits", "ip", "string", "ip", _ipv4),
    ("visits", "client_ip", "string", "ip", _ipv4),
    ("visits", "remote_addr", "string", "ip", _ipv4),
    ("visits", "host", "string", "ip", _ipv6),
    ("sessions", "last_login_ip", "string", "ip", lambda r: _ipv6(r) if r.random() < 0.4 else _ipv4(r)),
    ("fw", "src", "string", "ip", _ipv4),
    ("users", "first_name", "string", "name", _first),
    ("users", "surname", "string", "name", _last),
    ("users", "name", "string", "name", _full),
    ("orders", "customer_name", "string", "name", _full),
    ("clientes", "nome_completo", "string", "name", _full),
    ("clientes", "apellidos", "string", "name", _last),
    ("kunden", "vorname", "string", "name", _first),
    ("kunden", "Nachname", "string", "name", _last),
    ("clients", "prenom", "string", "name", _first),
    ("clienti", "cognome", "string", "name", _last),
    ("cards", "cardholder_name", "string", "name", lambda r: _full(r).upper()),
    ("users", "date_of_birth", "date", "birth_date", _born("{y}-{m:02}-{d:02}")),
    ("users", "dob", "string", "birth_date", _born("{m:02}/{d:02}/{y}")),
    ("clientes", "data_nascimento", "string", "birth_date", _born("{d:02}/{m:02}/{y}")),
    ("clientes", "fecha_nacimiento", "timestamp", "birth_date", _born("{y}-{m:02}-{d:02} 00:00:00")),
    ("kunden", "geburtsdatum", "string", "birth_date", _born("{d:02}.{m:02}.{y}")),
    ("clients", "date_de_naissance", "date", "birth_date", _born("{y}-{m:02}-{d:02}")),
    ("patients", "birthDate", "date", "birth_date", _born("{y}-{m:02}-{d:02}")),
]


def _long_cpf(r: random.Random) -> str:
    """One that does not begin with 0, as a number must not."""
    while (made := _cpf(r)).startswith("0"):
        pass
    return made


def _ean13(r: random.Random) -> str:
    body = _digits(r, 12)
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(body))
    return body + str(-total % 10)


def _hex(length: int) -> Callable[[random.Random], str]:
    return lambda r: hashlib.sha256(str(r.random()).encode()).hexdigest()[:length]


def _uuid(r: random.Random) -> str:
    h = _hex(32)(r)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def _of(*words: str | None) -> Callable[[random.Random], str | None]:
    return lambda r: r.choice(words)


def _number(low: float, high: float, places: int = 0) -> Callable[[random.Random], Any]:
    return lambda r: round(r.uniform(low, high), places) if places else r.randrange(int(low), int(high))


def _when(form: str = "{y}-{m:02}-{d:02} 10:11:12") -> Callable[[random.Random], str]:
    return lambda r: form.format(y=r.randrange(2018, 2027), m=r.randrange(1, 13), d=r.randrange(1, 29))


_COUNTRIES = _of("BR", "DE", "FR", "US", "IT")
_ORDINARY: list[tuple[str, str, str, Callable[[random.Random], Any]]] = [
    ("orders", "order_id", "long", _number(1, 10**9)),
    ("orders", "order_no", "string", _shaped("ORD-########")),
    ("orders", "external_ref", "string", lambda r: _digits(r, 16)),
    ("orders", "invoice", "string", _shaped("2026/######")),
    ("orders", "total", "decimal(12,2)", _number(1, 900, 2)),
    ("orders", "total_cents", "long", _number(100, 10**6)),
    ("orders", "status", "string", _of("paid", "shipped", "open")),
    ("orders", "created_at", "timestamptz", _when()),
    ("orders", "shipped_on", "date", _when("{y}-{m:02}-{d:02}")),
    ("orders", "created_epoch_ms", "long", _number(1.6e12, 1.8e12)),
    ("orders", "created_epoch", "long", _number(1.6e9, 1.8e9)),
    ("orders", "currency", "string", _of("EUR", "BRL", "USD")),
    ("orders", "country", "string", _COUNTRIES),
    ("orders", "email_sent_at", "timestamptz", _when()),
    ("orders", "email_sent", "boolean", _of("true", "false")),
    ("orders", "email_template", "string", _of("welcome", "receipt v2")),
    ("orders", "email_opt_in", "boolean", _of("true", "false")),
    ("orders", "email_hash", "string", _hex(64)),
    ("orders", "email_domain", "string", _of("mail.example", "posta.example.it")),
    ("orders", "phone_verified", "boolean", _of("true", "false")),
    ("orders", "phone_type", "string", _of("mobile", "landline")),
    ("orders", "ip_count", "int", _number(0, 40)),
    ("orders", "ip_country", "string", _COUNTRIES),
    ("orders", "card_type", "string", _of("visa", "mastercard")),
    ("orders", "card_last4", "string", lambda r: _digits(r, 4)),
    ("orders", "card_expiry", "string", _shaped("1#/2#")),
    ("orders", "tracking_number", "string", _shaped("1Z############")),
    ("orders", "tracking", "string", lambda r: _digits(r, 12)),
    ("orders", "tracking_numeric", "long", lambda r: int("9" + _digits(r, 17))),
    ("orders", "voucher", "string", _hex(10)),
    ("orders", "session", "string", _uuid),
    ("orders", "note", "string", _of("leave at the door", "gift", "ring twice")),
    ("orders", "weight_kg", "double", _number(0, 40, 3)),
    ("products", "name", "string", _of("Green tea", "Coffee 500", "Mug")),
    ("products", "product_name", "string", _of("Green tea", "Coffee 500", "Mug")),
    ("products", "sku", "string", _shaped("SKU-####-##")),
    ("products", "ean", "string", _ean13),
    ("products", "gtin", "long", lambda r: int("4" + _ean13(r)[1:])),
    ("products", "barcode", "string", lambda r: _digits(r, 13)),
    ("products", "isbn", "string", lambda r: "978" + _digits(r, 10)),
    ("products", "brand", "string", _of("Ferrari", "Dupont", "Smith")),
    ("products", "category", "string", _of("tea", "coffee")),
    ("products", "model", "string", _shaped("MX-###")),
    ("products", "serial", "string", _shaped("SN##########")),
    ("products", "hs_code", "string", _shaped("####.##.##")),
    ("products", "price", "decimal(10,2)", _number(1, 80, 2)),
    ("products", "dimensions", "string", _shaped("##x##x##")),
    ("products", "colour", "string", _of("#aabbcc", "#102030")),
    ("products", "image", "string", lambda r: f"https://cdn.example/{_hex(8)(r)}.png"),
    ("products", "version", "string", _shaped("#.#.##")),
    (
        "products",
        "firmware",
        "string",
        lambda r: f"v{r.randrange(9)}.{r.randrange(20)}.{r.randrange(9)}.{r.randrange(400)}",
    ),
    ("products", "batch", "string", _shaped("L2026-###-##")),
    ("products", "nome", "string", _of("chá verde", "café")),
    ("products", "description", "string", _of("A mug. Keep out of reach.", "Tea, 20 bags")),
    ("stores", "name", "string", _of("Downtown", "Airport T2")),
    ("stores", "store_name", "string", _of("Downtown", "Airport T2")),
    ("stores", "city", "string", _of("São Paulo", "Köln", "Lyon")),
    ("stores", "postcode", "string", _shaped("#####")),
    ("stores", "cep", "string", _shaped("#####-###")),
    ("stores", "zip4", "string", _shaped("#####-####")),
    ("stores", "lat", "double", _number(-33, 55, 6)),
    ("stores", "lon", "double", _number(-60, 12, 6)),
    ("stores", "region_code", "string", _shaped("R-##")),
    ("stores", "opening_hours", "string", _of("09:00-18:00", "10:00-20:00")),
    ("stores", "area_m2", "int", _number(40, 900)),
    ("stores", "timezone", "string", _of("Europe/Berlin", "America/Sao_Paulo")),
    ("stores", "opened", "date", _when("{y}-{m:02}-{d:02}")),
    ("events", "event_id", "string", _uuid),
    ("events", "event_name", "string", _of("page_view", "add_to_cart")),
    ("events", "name", "string", _of("page_view", "add_to_cart")),
    ("events", "url", "string", lambda r: f"https://shop.example/p/{r.randrange(999)}"),
    ("events", "path", "string", lambda r: f"/p/{r.randrange(999)}"),
    ("events", "user_agent", "string", _of("Mozilla/5.0 (X11)", "curl/8.5.0")),
    ("events", "duration_ms", "int", _number(1, 90000)),
    ("events", "trace", "string", _hex(32)),
    ("events", "span", "string", _hex(16)),
    ("events", "mac_prefix", "string", _of("00:1a:2b", "f4:0f:24")),
    ("events", "hostname", "string", _of("web-1.internal", "web-2.internal")),
    ("events", "file_name", "string", lambda r: f"export_{r.randrange(99)}.csv"),
    ("events", "referrer", "string", _of("google", "newsletter")),
    ("events", "screen", "string", _of("1920x1080", "390x844")),
    ("events", "language", "string", _of("pt-BR", "de-DE")),
    ("events", "at_ns", "long", _number(1.6e18, 1.8e18)),
    ("events", "amount_text", "string", lambda r: f"{r.randrange(1, 999)},{r.randrange(100):02}"),
    ("events", "day_text", "string", _when("{y}-{m:02}-{d:02}")),
    ("events", "day_german", "string", _when("{d:02}.{m:02}.{y}")),
    ("events", "yyyymmdd", "string", _when("{y}{m:02}{d:02}")),
    ("events", "yyyymmdd_number", "long", lambda r: int(_when("{y}{m:02}{d:02}")(r))),
    ("events", "minute", "string", _when("{y}{m:02}{d:02}1011")),
    ("ships", "imo", "string", _shaped("IMO#######")),
    ("ships", "name", "string", _of("Ana Maria", "Santa Clara")),
    ("ships", "call_sign", "string", _shaped("D#AB#")),
    ("companies", "company_name", "string", _of("Rossi SpA", "Müller GmbH")),
    ("companies", "vat", "string", _shaped("DE#########")),
    ("companies", "lei", "string", _shaped("5299000J2N45DDNE4Y##")),
    ("companies", "bic", "string", _of("DEUTDEFF", "BNPAFRPP")),
    ("companies", "routing_number", "string", _shaped("0########")),
    ("companies", "website", "string", _of("https://a.example", "https://b.example")),
    ("companies", "employees", "int", _number(1, 9000)),
    ("companies", "founded", "date", _when("{y}-{m:02}-{d:02}")),
    ("metrics", "value", "double", _number(0, 1, 6)),
    ("metrics", "p99", "double", _number(0, 900, 1)),
    ("metrics", "birth_rate", "double", _number(0, 40, 2)),
    ("metrics", "name", "string", _of("cpu", "memory")),
    ("metrics", "first_name_count", "int", _number(0, 10)),
    ("metrics", "email_count", "long", _number(0, 10**6)),
    ("metrics", "big", "decimal(38,0)", lambda r: int("1" + _digits(r, 30))),
    ("metrics", "score", "int", _number(0, 100)),
    ("metrics", "ratio_text", "string", lambda r: f"{r.random():.4f}"),
    ("tax", "nfe_key", "string", lambda r: _digits(r, 44)),
    ("tax", "ncm", "string", _shaped("####.##.##")),
    ("tax", "cfop", "string", _shaped("5.###")),
    ("tax", "protocol", "string", lambda r: _digits(r, 15)),
    ("tax", "municipality", "string", lambda r: _digits(r, 7)),
    ("tax", "eleven", "string", lambda r: _digits(r, 11)),
    ("tax", "fourteen", "string", lambda r: _digits(r, 14)),
    ("jobs", "cron", "string", _of("0 7 * * *", "*/5 * * * *")),
    ("jobs", "owner_team", "string", _of("growth", "platform")),
    ("jobs", "table_name", "string", _of("orders", "customers")),
    ("jobs", "column_name", "string", _of("email", "phone")),
    ("jobs", "username_count", "int", _number(0, 40)),
    ("jobs", "exit_code", "int", _number(0, 3)),
    ("jobs", "panel", "string", _of("a", "b")),
    ("jobs", "zip_file", "string", lambda r: f"{_hex(6)(r)}.zip"),
    ("jobs", "range", "string", _shaped("##-##")),
    ("jobs", "cidr", "string", _of("internal", "external")),
    ("jobs", "handle_count", "int", _number(0, 40)),
    ("jobs", "mobile_app_version", "string", _shaped("#.##.#")),
    ("jobs", "score_text", "string", _shaped("##:##")),
    ("jobs", "empty", "string", _of(None)),
]


def samples(seed: int) -> Iterator[Sample]:
    """All columns; a tenth of their values are missing, as in life."""
    chance = random.Random(seed)
    for table, column, kind, personal, make in _PERSONAL:
        yield Sample(table, column, kind, _column(make, chance), personal)
    for table, column, kind, make in _ORDINARY:
        yield Sample(table, column, kind, _column(make, chance), None)


def _column(make: Callable[[random.Random], Any], chance: random.Random) -> tuple[Any, ...]:
    return tuple(make(chance) if chance.random() > 0.1 else None for _ in range(ROWS))
