"""Incidents to what understands Prometheus Alertmanager's webhook, version 4 (prometheus.io/docs/alerting: `webhook_config`).

On-call tools and chat bridges take it as it is. Each notice is one message with one alert; `fingerprint` and `groupKey` are
the same while the incident lives, so that a receiver joins what belongs together, and closes it when it is resolved.
"""

import hashlib
import json
import time
from collections.abc import Callable
from functools import partial

from jusante.core.secret import Secret
from jusante.notifiers.posting import Post
from jusante.ports.notifier import Notice

NEVER = "0001-01-01T00:00:00Z"
"""When an alert ends that has not ended, as Alertmanager writes it."""
_SEVERITIES = {"high": "critical", "medium": "warning", "low": "info"}


class AlertmanagerNotifier:
    """Posts each notice about an incident as an alert that fires or is resolved; others are none of its business."""

    def __init__(
        self,
        url: Secret,
        token: Secret | None,
        receiver: str,
        project: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._token = token
        self._receiver = receiver
        self._project = project
        self._post = Post(url, sleep)

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Post them one after the other."""
        for notice in notices:
            if notice.about:
                self._post.send(partial(self._made, notice))

    def close(self) -> None:
        """Let go of the connection."""
        self._post.close()

    def _made(self, notice: Notice) -> tuple[bytes, dict[str, str]]:
        body = json.dumps(message(notice, self._receiver, self._project), ensure_ascii=False).encode()
        token = {"authorization": f"Bearer {self._token.reveal()}"} if self._token else {}
        return body, {"idempotency-key": notice.key, **token}


def message(notice: Notice, receiver: str, project: str) -> dict[str, object]:
    """The whole of what is posted."""
    about = notice.about
    group = {"incident": about["incident"], "project": project}
    labels = {"alertname": about["kind"], **group, "asset": about["asset"], "severity": _SEVERITIES[about["severity"]]}
    labels |= {"owner": about["owner"]} if about["owner"] else {}
    annotations = {"summary": notice.subject, "description": notice.text}
    status = "resolved" if about["state"] == "resolved" else "firing"
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": about["began"],
        "endsAt": about["ended"] or NEVER,
        "generatorURL": "",
        "fingerprint": fingerprint(group),
    }
    return {
        "version": "4",
        "groupKey": "{}:{" + ", ".join(f'{name}="{value}"' for name, value in group.items()) + "}",
        "truncatedAlerts": 0,
        "status": status,
        "receiver": receiver,
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [alert],
    }


def fingerprint(group: dict[str, str]) -> str:
    """16 hexadecimal digits, the same as long as the incident lives; its severity may change meanwhile."""
    return hashlib.sha256(repr(sorted(group.items())).encode()).hexdigest()[:16]
