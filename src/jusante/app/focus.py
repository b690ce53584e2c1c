"""What a project cost, as a file that FinOps tools read."""

import csv
from pathlib import Path

from jusante.app.spending import Spending
from jusante.app.system import System
from jusante.architecture.cost.focus import COLUMNS, Account, Resource, rows
from jusante.errors import storage_error


def write_focus(system: System, spending: Spending, path: Path) -> int:
    """Write the charges as CSV in the columns of FOCUS 1.2, in one step; how many there are."""
    resources = {asset.id: Resource(asset.id, asset.kind, asset.owner, asset.tags) for asset in system.graph}
    project = system.project
    account = Account(project.name, project.environment_name, project.environment.rates, resources)
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows(spending.charges, account))
        draft.replace(path)
    except OSError as error:
        raise storage_error(error, str(path)) from None
    return len(spending.charges)
