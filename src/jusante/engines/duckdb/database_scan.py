"""Tables of other databases, read by DuckDB's scanners.

A database is attached once for all the scans of the same target, so that `connections` bounds what they open together;
the last release detaches it. A scan waits at most `POOL_WAIT_SECONDS` for a free connection.
"""

import hashlib
import re
import threading
from collections import Counter
from urllib.parse import parse_qs, quote_plus, unquote, urlencode, urlsplit, urlunsplit
from urllib.parse import quote as percent

import duckdb

from jusante.core.literals import text
from jusante.core.names import quote
from jusante.engines.duckdb import extensions
from jusante.engines.duckdb.own_words import own_words
from jusante.engines.duckdb.types import duckdb_name
from jusante.errors import JusanteError, SourceDenied, SourceError, SourceUnavailable
from jusante.ports.relation import DatabaseScan

POOL_WAIT_SECONDS = 3600
CONNECT_SECONDS = 10
LOCK_SECONDS = 60
SILENT_SECONDS = 10
"""After so long without a word a server is asked whether it is still there; its machine answers, however busy it is."""
ATTACHED = "__attached__"
SERVERS = {"postgres", "mysql"}

_EXTENSIONS = {"postgres": "postgres_scanner", "mysql": "mysql_scanner", "sqlite": "sqlite_scanner"}
_lock = threading.RLock()
_users: Counter[str] = Counter()
_held: Counter[tuple[int, str]] = Counter()  # by connection, so that a scan that failed to attach releases nothing


def prepare(connection: duckdb.DuckDBPyConnection, scan: DatabaseScan) -> str:
    """Attach the scan's database, if it is not yet, and give a SELECT that reads it. Pair it with `release`."""
    with _lock:
        alias = _attach(connection, scan)
        _users[alias] += 1
        _held[id(connection), alias] += 1
    return _select(scan, alias)


def release(connection: duckdb.DuckDBPyConnection, scan: DatabaseScan) -> None:
    """Detach the scan's database once nobody reads it any more."""
    alias = _alias(scan)
    with _lock:
        if not _held[id(connection), alias]:
            del _held[id(connection), alias]
            return
        _held[id(connection), alias] -= 1
        _users[alias] -= 1
        if _users[alias] <= 0:
            del _users[alias]
            connection.execute(f"detach database if exists {alias}")


def _alias(scan: DatabaseScan) -> str:
    target = f"{scan.kind}\n{scan.connection.reveal()}"
    if scan.kind in SERVERS:  # a file can be attached only once, whatever the limits
        target += f"\n{scan.connections}\n{scan.timeout_seconds}"
    return "source_" + hashlib.sha256(target.encode()).hexdigest()[:16]


def _attach(connection: duckdb.DuckDBPyConnection, scan: DatabaseScan) -> str:
    alias = _alias(scan)
    if scan.kind in _EXTENSIONS:
        extensions.load(connection, _EXTENSIONS[scan.kind])
    if scan.kind in SERVERS:
        prefix = {"postgres": "pg", "mysql": "mysql"}[scan.kind]
        size = "pg_pool_max_connections" if scan.kind == "postgres" else "mysql_pool_size"
        connection.execute(f"set {size} = {scan.connections}")
        connection.execute(f"set {prefix}_pool_acquire_mode = 'wait'")
        connection.execute(f"set {prefix}_pool_wait_timeout_millis = {POOL_WAIT_SECONDS * 1000}")
    if scan.kind == "mysql":
        connection.execute("set mysql_session_time_zone = '+00:00'")
    address = _address(scan)
    try:
        _attach_as(connection, address, alias, scan)
    except duckdb.Error as error:
        # PgBouncer knows no such parameter; without it the server's own time-outs hold.
        if "unsupported startup parameter" not in str(error):
            raise
        _attach_as(connection, scan.connection.reveal(), alias, scan)
    return alias


def _attach_as(connection: duckdb.DuckDBPyConnection, address: str, alias: str, scan: DatabaseScan) -> None:
    connection.execute(f"attach if not exists {text(address)} as {alias} (type {scan.kind}, read_only)")


def _address(scan: DatabaseScan) -> str:
    given = scan.connection.reveal()
    match scan.kind:
        case "postgres":
            return _postgres_address(given, scan.timeout_seconds)
        case "mysql":
            return _mysql_address(given)
    return given


def _postgres_address(given: str, timeout_seconds: float) -> str:
    """The address with time-outs added, which the source's own settings in it override."""
    statement_ms = max(int(timeout_seconds * 1000), 1)
    silence_ms = min(statement_ms, LOCK_SECONDS * 1000)
    lock_ms = max(silence_ms * 3 // 4, 1)  # before the statement's own, so that the server says which it was
    timeouts = {
        "connect_timeout": str(max(2, min(int(timeout_seconds), CONNECT_SECONDS))),
        "options": f"-c statement_timeout={statement_ms} -c lock_timeout={lock_ms}",
        "tcp_user_timeout": str(silence_ms),
        "keepalives_idle": str(SILENT_SECONDS),
        "application_name": "jusante",
    }
    if "://" in given:
        parts = urlsplit(given)
        present = parse_qs(parts.query, keep_blank_values=True)
        added = urlencode({k: v for k, v in timeouts.items() if k not in present}, quote_via=percent)
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))
    added = " ".join(f"{k}='{v}'" for k, v in timeouts.items() if not re.search(rf"\b{k}\s*=", given))
    return f"{given} {added}"


def _mysql_address(given: str) -> str:
    """The address as the scanner takes it: `mysql://`, and only the options it knows."""
    if "://" not in given:
        return given
    parts = urlsplit(given)
    options = {key.replace("_", "-"): values[-1] for key, values in parse_qs(parts.query).items()}
    known = {"compression", "socket"}
    kept = {key: value for key, value in options.items() if key.startswith("ssl-") or key in known}
    return urlunsplit(parts._replace(scheme="mysql", path=parts.path or "/", query=urlencode(kept, quote_via=percent)))


def _select(scan: DatabaseScan, alias: str) -> str:
    if scan.table:
        schema, table = scan.table
        relation = ".".join((alias, *((quote(schema),) if schema else ()), quote(table)))
    elif scan.kind == "duckdb":
        relation = f"({(scan.query or '').replace(ATTACHED, alias)}) as source"
    else:
        relation = f"{scan.kind}_query('{alias}', {text(_bounded(scan))})"
    columns = ", ".join(_column(scan, name, kind) for name, kind in scan.columns.items()) or "*"
    return f"select {columns} from {relation}"


def _bounded(scan: DatabaseScan) -> str:
    """The query, in MySQL with its time-out: MariaDB's in a comment that only it executes, MySQL's as a hint."""
    query = (scan.query or "").strip()
    if scan.kind != "mysql" or not query.lower().startswith("select"):
        return query
    hint = f"/*+ MAX_EXECUTION_TIME({int(scan.timeout_seconds * 1000)}) */"
    return f"/*M!100100 set statement max_statement_time={scan.timeout_seconds:.3f} for */ select {hint}{query[6:]}"


def _column(scan: DatabaseScan, name: str, kind: str) -> str:
    if kind == "binary" and scan.kind == "sqlite" and scan.query:
        return f"unhex({quote(name)}) as {quote(name)}"
    return f"cast({quote(name)} as {duckdb_name(kind)}) as {quote(name)}"


# -- failures --------------------------------------------------------------------------------------------------------

_DENIED = re.compile(
    r"password authentication failed|no password supplied|permission denied|access denied|command denied|"
    r"no pg_hba\.conf entry|role .* does not exist|is not permitted to log in",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"connection refused|could not connect|can't connect|could not translate host name|unknown (mysql )?server host|"
    r"timed? ?out|timeout|no route to host|network is unreachable|server closed the connection|connection reset|"
    r"terminating connection|connection (to server )?was lost|lost connection|server has gone away|broken pipe|"
    r"connection already closed|too many (clients|connections)|remaining connection slots|"
    r"the database system is (starting up|shutting down|in recovery)|SSL connection has been closed|"
    r"no connection to the server|connection not open|server shutdown in progress|database is locked|"
    r"could not set lock on file|deadlock detected|could not serialize|max_user_connections|not yet accepting|"
    r"conflict with recovery|read error|unexpected eof|max_statement_time exceeded|maximum statement execution time|"
    r"connection was killed|query execution was interrupted|connection to server on socket .* failed: no such file",
    re.IGNORECASE,
)
_CONVERSION = re.compile(r"Error: (.*?) when casting from source column (.+?)(?:\n|$)", re.DOTALL)
# What the connector's queries make of a value that does not fit, so that it is told with its column and row.
_NAMED = re.compile(r'"(column (?:[^"]|"(?=[^"\n]*"))*?)"(?: to|$|\n|, expected)')
_AS_TEXT = "correct it at the source, or read the column as text: `columns: {<name>: {type: string}}`"
_OURS = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.ParserException, duckdb.InternalException)
_ELSEWHERE = re.compile(r"^(Binder|Catalog) Error", re.IGNORECASE)
_AT_SOURCE = re.compile(r"Failed to (prepare|fetch|connect|execute)|Unable to|source_[0-9a-f]{16}", re.IGNORECASE)


def failure(error: Exception, scan: DatabaseScan) -> JusanteError | None:
    """The source's error behind one of DuckDB's; None where the source has no part in it. Secrets are scrubbed."""
    message = scrubbed(str(error), scan)
    if isinstance(error, _OURS) or (_ELSEWHERE.search(message) and not _AT_SOURCE.search(message)):
        return None
    what = _told(message)
    where = _place(scan)
    if _DENIED.search(message):
        return SourceDenied(
            what, where=where, fix="check the user, the password and the rights that `connection:` stands for"
        )
    if _PASSING.search(message):
        return SourceUnavailable(
            what, where=where, fix="check that the source runs and is reached from here, then run again"
        )
    named = _NAMED.search(message)
    if named:
        told = f"{named[1]}, which does not fit its type"
        return SourceError(told, where=where, fix=_AS_TEXT, unquoted="a value does not fit its type")
    found = _CONVERSION.search(message)
    if found:
        column = found[2].strip().strip('"')
        return SourceError(
            f"column {column} cannot be read: {found[1]}",
            where=where,
            fix=_AS_TEXT.replace("<name>", column),
            unquoted=f"column {column} cannot be read",
        )
    return SourceError(
        what, where=where, fix=_fix(message), unquoted=own_words(message) or "the source could not be read"
    )


def scrubbed(message: str, scan: DatabaseScan) -> str:
    """The message without the connection string and the password, however they are written."""
    if scan.kind not in SERVERS:
        return message
    given = scan.connection.reveal()
    for secret in (_address(scan), given, *_passwords(given)):
        message = message.replace(secret, "•••") if secret else message
    message = re.sub(r"((?:postgres(?:ql)?|mysql|mariadb)\S*://[^:@/\s]*):[^@\s]*@", r"\1:•••@", message)
    return re.sub(r"(\bpass(?:word|wd)?\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", r"\1•••", message, flags=re.IGNORECASE)


def _passwords(given: str) -> tuple[str, ...]:
    """The password of a connection, in the ways it may appear, the longest first."""
    if "://" in given:
        parts = urlsplit(given)
        raw = parts.password or (parse_qs(parts.query).get("password") or [""])[0]
    else:
        found = re.search(r"\bpass(?:word|wd)?\s*=\s*('(?:[^'\\]|\\.)*'|\S+)", given, re.IGNORECASE)
        raw = re.sub(r"\\(.)", r"\1", found[1].strip("'")) if found else ""
    plain = unquote(raw)
    forms = {raw, plain, percent(plain, safe=""), quote_plus(plain)}
    # A password of one or two letters would be found in every word; the forms above hide it in the address.
    return tuple(sorted((form for form in forms if len(form) > 2), key=len, reverse=True))


def _told(message: str) -> str:
    """What the source said, without DuckDB's words around it."""
    found = re.search(r"(?:ERROR|FATAL|PANIC):\s+(.*)", message)
    rest = re.sub(r'Failed to prepare (MySQL )?(query|COPY) ".*": ', "", message, flags=re.DOTALL)
    line = found[1] if found else rest.split("\n", 1)[0]
    line = re.sub(r"^([A-Z][A-Za-z ]* )?Error: ", "", line.strip())
    line = re.sub(
        r'^(Unable to connect to \w+ at|Failed to connect to \w+ database with parameters) "[^"]*": ', "", line
    )
    return line or "the source failed without a word"


def _place(scan: DatabaseScan) -> str:
    """The source, and the table where that is known; of a database in a file, which file it is."""
    source = f"source {scan.source}" if scan.source else f"{scan.kind} source"
    if scan.table:
        return f"{source}, table {'.'.join(part for part in scan.table if part)}"
    return source if scan.kind in SERVERS else f"{source}, file {scan.connection.reveal()}"


def _fix(message: str) -> str:
    if "array" in message and "dimensions" in message:
        return "read the column with the nested arrays as text: `columns: {<name>: {type: string}}`"
    if "Invalid type in column" in message or "Date out of range" in message:
        return _AS_TEXT
    return ""
