"""What the servers share: free ports, waiting until one answers, ending what was started."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Callable[[], str]) -> None:
    """Wait at most 60 s until a server answers. Raises RuntimeError with its log if it ends or stays silent."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if answers():
            return
        time.sleep(0.05)
    end(process)
    raise RuntimeError(f"the server did not start:\n{log()[-2000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a server to stop, and insist after 20 s."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)
