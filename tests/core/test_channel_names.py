"""A channel is called by what it is, wherever it stands in the list."""

import re

from jusante.core.channels import names_of
from jusante.core.environment import NotifyChoice
from jusante.core.secret import Secret

TEAM = NotifyChoice(kind="webhook", url=Secret("https://chat.b.example/team"))
ALL = NotifyChoice(kind="webhook", url="https://chat.b.example/all")
NEXT = NotifyChoice(kind="webhook", url=Secret("https://chat.b.example/team"), after="30m")
FILE = NotifyChoice(kind="file", path="told.ndjson")
CONSOLE = NotifyChoice(kind="console")
CHAT = NotifyChoice(kind="console", name="chat")


def test_a_name_stays_when_others_come_or_the_order_changes() -> None:
    given = [TEAM, ALL, NEXT, FILE, CONSOLE, CHAT]
    names = names_of(given)
    assert len(set(names)) == len(given)
    assert names_of(given[::-1]) == names[::-1]
    assert names_of(given[1:]) == names[1:]
    assert names[3:] == ("file told.ndjson", "console", "chat")
    assert all(re.fullmatch(r"webhook [0-9a-f]{4}", name) for name in names[:3])


def test_another_target_is_another_channel_and_another_way_to_write_it_or_to_enter_is_not() -> None:
    mail = [
        NotifyChoice(kind="apprise", url=Secret(f"mailto://me:{password}@mail.b.example/?to={to}"), severity=severity)
        for password, to, severity in (("one", "a", "low"), ("two", "a", "high"), ("one", "b", "low"))
    ]
    first, again, other = (names_of([each])[0] for each in mail)
    assert first == again != other
    assert names_of([ALL]) == names_of([ALL.model_copy(update={"url": Secret(str(ALL.url))})])


def test_two_of_one_sort_are_numbered_and_none_takes_a_name_that_is_given() -> None:
    assert names_of([CONSOLE, CONSOLE, CONSOLE.model_copy(update={"name": "console"})]) == (
        "console (2)",
        "console (3)",
        "console",
    )
