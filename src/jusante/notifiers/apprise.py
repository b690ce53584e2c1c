"""Notices by mail, chat and all else that Apprise knows a URL for (github.com/caronc/apprise)."""

import logging
import warnings
from urllib.parse import quote

from jusante.core.secret import Secret
from jusante.errors import ExtraMissing, SourceUnavailable, UsageError
from jusante.ports.notifier import Notice

TO = "{to}"
TIMEOUTS = {"cto": 5.0, "rto": 10.0}
"""Seconds to connect and to read, where a URL says nothing else."""
LONGEST_TITLE = 200


class AppriseNotifier:
    """Hands each notice to one service. Where its URL has `{to}` in it, that is whom the notice is for.

    Apprise does not say why something could not be sent, and its log may hold URLs: it is kept silent.
    """

    def __init__(self, url: Secret) -> None:
        self._url = url

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Hand them over one after the other."""
        for notice in notices:
            self._tell(notice)

    def close(self) -> None:
        """Each notice has a connection of its own."""

    def _tell(self, notice: Notice) -> None:
        url = self._url.reveal()
        addressed = TO in url
        text = notice.text if addressed else f"to {notice.to}\n{notice.text}"
        title = notice.subject if len(notice.subject) <= LONGEST_TITLE else notice.subject[: LONGEST_TITLE - 1] + "…"
        logging.getLogger("apprise").disabled = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its plugins use what Python is about to remove
            try:
                from apprise import Apprise, NotifyFormat
            except ImportError:
                raise ExtraMissing(
                    "notices by Apprise need an extra", where="notify", fix='pip install "jusante[apprise]"'
                ) from None
            service = Apprise()
            if not service.add(_with_timeouts(url.replace(TO, quote(notice.to, safe="@")))):
                raise UsageError(
                    "the url of an apprise channel is none that Apprise knows",
                    where="notify",
                    fix="see the services and their urls: https://github.com/caronc/apprise/wiki",
                )
            if not service.notify(body=text, title=title, body_format=NotifyFormat.TEXT):
                raise SourceUnavailable(
                    "a service of Apprise did not take a notice",
                    where="notify",
                    fix="see whether it is up, and its url right; notices are kept, and sent with the next run",
                )


def _with_timeouts(url: str) -> str:
    lacking = [f"{name}={seconds}" for name, seconds in TIMEOUTS.items() if f"{name}=" not in url]
    return url + ("&" if "?" in url else "?") + "&".join(lacking) if lacking else url
