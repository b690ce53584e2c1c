"""Machines with a network between them, which can be cut: network namespaces of Linux, a pair of virtual cards for each.

The database stands in a namespace of its own. Each host has a cable to it; this process has one as well. All see the same disk.
Several test sessions may have a network each.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

ANYWHERE = "198.18.0.0/15"  # the range that is kept for tests of networks
LOSS = 0.2


class Network:
    """A place for the database, and hosts, by name, with a cable each."""

    def __init__(self, *hosts: str) -> None:
        self._made: list[str] = []
        self._cards: list[str] = []
        self._mark = f"j{os.getpid():x}"
        self._part = _free_part()
        self.address = f"198.18.{self._part}.1"
        """Where the database is to listen."""
        try:
            self.database = self._host("db")
            _ip("-n", self.database, "address", "add", f"{self.address}/32", "dev", "lo")
            self._hosts = {name: self._host(name) for name in hosts}
            self._lay(0, None)
            for number, name in enumerate(self._hosts.values(), start=1):
                self._lay(number, name)
        except BaseException:
            self.close()
            raise

    def _host(self, name: str) -> str:
        namespace = f"{self._mark}{name}"
        _ip("netns", "add", namespace)
        self._made.append(namespace)
        _ip("-n", namespace, "link", "set", "lo", "up")
        return namespace

    def _lay(self, number: int, host: str | None) -> None:
        """Lay a cable from the database to a host; without one, to where this process is."""
        near, far = f"{self._mark}n{number}", f"{self._mark}f{number}"
        here = ["-n", host] if host else []
        ends = [f"198.19.{self._part}.{4 * number + end}" for end in (1, 2)]
        _ip("link", "add", near, "type", "veth", "peer", "name", far)
        self._cards.append(near)
        _ip("link", "set", near, "netns", self.database)
        if host:
            _ip("link", "set", far, "netns", host)
        _ip("-n", self.database, "address", "add", f"{ends[0]}/30", "dev", near)
        _ip("-n", self.database, "link", "set", near, "up")
        _ip(*here, "address", "add", f"{ends[1]}/30", "dev", far)
        _ip(*here, "link", "set", far, "up")
        _ip(*here, "route", "add", f"{self.address}/32", "via", ends[0])

    def on(self, host: str) -> list[str]:
        """What stands before a command so that it runs on this host."""
        return inside(self._hosts[host])

    def cut(self, host: str) -> None:
        """Pull the plug at the other end: nobody is told, nothing is answered."""
        _ip("-n", self.database, "link", "set", self._near(host), "down")

    def mend(self, host: str) -> None:
        """Put it back."""
        _ip("-n", self.database, "link", "set", self._near(host), "up")

    def spoil(self, host: str) -> bool:
        """Lose a fifth of all packets in both directions, and keep the rest for a while where the kernel can; whether it can lose any."""
        ends = ((self._hosts[host], self._far(host)), (self.database, self._near(host)))
        late = ["root", "netem", "delay", "40ms", "20ms", "loss", f"{LOSS:.0%}"]
        if all(_ran("tc", "-n", place, "qdisc", "add", "dev", card, *late) for place, card in ends):
            return True
        lost = ["-m", "statistic", "--mode", "random", "--probability", str(LOSS), "-j", "DROP"]
        return all(_ran(*inside(place), "iptables", "-A", "INPUT", "-i", card, *lost) for place, card in ends)

    def clear(self, host: str) -> None:
        """Lose nothing any more."""
        for place, card in ((self._hosts[host], self._far(host)), (self.database, self._near(host))):
            _ran("tc", "-n", place, "qdisc", "del", "dev", card, "root")
            _ran(*inside(place), "iptables", "-F", "INPUT")

    def close(self) -> None:
        """Take it all away."""
        for card in self._cards:
            _ran("ip", "-n", self.database, "link", "del", card)
        for namespace in self._made:
            _ran("ip", "netns", "del", namespace)

    def _near(self, host: str) -> str:
        return f"{self._mark}n{list(self._hosts).index(host) + 1}"

    def _far(self, host: str) -> str:
        return f"{self._mark}f{list(self._hosts).index(host) + 1}"


@contextmanager
def network(*hosts: str) -> Iterator[Network]:
    """A network for the block."""
    made = Network(*hosts)
    try:
        yield made
    finally:
        made.close()


def inside(namespace: str) -> list[str]:
    """What stands before a command so that it runs there."""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--"]


@cache
def why_no_network() -> str:
    """Why hosts cannot be made here; nothing where they can."""
    if missing := [name for name in ("ip", "nsenter") if not shutil.which(name)]:
        return f"{' and '.join(missing)} not installed (Debian: apt-get install iproute2 util-linux)"
    one, other = f"jprobe{os.getpid()}", f"jp{os.getpid() % 100_000:x}"
    steps = [
        ["ip", "netns", "add", one],
        [*inside(one), "ip", "link", "set", "lo", "up"],
        ["ip", "link", "add", f"{other}a", "type", "veth", "peer", "name", f"{other}b"],
    ]
    refused = next((" ".join(step) for step in steps if not _ran(*step)), "")
    _ran("ip", "link", "del", f"{other}a")
    _ran("ip", "netns", "del", one)
    return f"networks cannot be made here: `{refused}` is refused" if refused else ""


def _free_part() -> int:
    """A number that no network has that was made here, by this session or another."""
    for number in range(os.getpid(), os.getpid() + 255):
        part = number % 255
        shown = subprocess.run(["ip", "route", "show", f"198.18.{part}.1"], capture_output=True, text=True, check=True)
        if not shown.stdout:
            return part
    raise RuntimeError("255 networks are in use")


def _ran(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr}")


__all__: Sequence[str] = ("ANYWHERE", "Network", "inside", "network", "why_no_network")
