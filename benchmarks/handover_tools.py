"""The orchestrators that `handover` holds its exports against, each in an environment of its own."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import measure

TOOLS: Mapping[str, tuple[str, ...]] = {
    "airflow": ("apache-airflow==3.3.2",),
    "airflow 2": (
        "apache-airflow==2.10.5",
        "apache-airflow-providers-fab==1.5.3",
        "apache-airflow-providers-common-compat==1.7.0",
        "apache-airflow-providers-common-io==1.6.0",
        "apache-airflow-providers-common-sql==1.27.1",
        "apache-airflow-providers-ftp==3.13.0",
        "apache-airflow-providers-http==5.3.0",
        "apache-airflow-providers-imap==3.9.0",
        "apache-airflow-providers-smtp==2.1.0",
        "apache-airflow-providers-sqlite==4.1.0",
        "alembic==1.16.1",
        "connexion==2.14.2",
        "flask==2.2.5",
        "flask-session==0.5.0",
        "httpx==0.27.0",
        "marshmallow==3.26.1",
        "opentelemetry-api==1.27.0",
        "opentelemetry-exporter-otlp==1.27.0",
        "opentelemetry-sdk==1.27.0",
        "pendulum==3.1.0",
        "universal-pathlib==0.2.6",
    ),
    "dagster": ("dagster==1.13.28",),
    "prefect": ("prefect==3.9.1",),
    "mage": ("mage-ai==0.9.80",),
}
"""By name. Airflow 2 is old enough that the newest of what it stands on no longer fits."""


@dataclass(frozen=True, slots=True)
class Tool:
    """An orchestrator in an environment of its own. `home` is where it keeps what it keeps.

    `label` is its name, with its version where there is more than one.
    """

    label: str
    scripts: Path
    home: Path

    @property
    def name(self) -> str:
        """Its name, whichever version it is."""
        return self.label.partition(" ")[0]

    def environment(self, **more: str) -> dict[str, str]:
        """The variables it is started with."""
        homes = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "DAGSTER_HOME": str(self.home),
            "PREFECT_HOME": str(self.home),
            "MAGE_DATA_DIR": str(self.home),
        }
        return {**os.environ, **measure.QUIET, **homes, **more, "PYTHONWARNINGS": "ignore"}

    def start(self, *words: str, **more: str) -> str:
        """One of its commands; what it printed. Raises RuntimeError where it fails."""
        command = [str(self.scripts / words[0]), *words[1:]]
        done = subprocess.run(
            command, capture_output=True, text=True, env=self.environment(**more), timeout=600, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{words} ended with {done.returncode}: {done.stdout[-2000:]}\n{done.stderr[-3000:]}")
        return done.stdout
