"""Run by Airflow's Python, 3 or 2.10: what Airflow itself reads in a folder of DAGs, as JSON on the last line."""

import json
import sys
from urllib.parse import unquote

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 2, whose assets are datasets
    from airflow.models import DagBag


def asset(uri):
    return unquote(uri.split("/", 4)[4])


bag = DagBag(dag_folder=sys.argv[1])
assert not bag.import_errors, bag.import_errors
flows = []
for dag in bag.dags.values():
    made = {task.task_id: [asset(each.uri) for each in task.outlets] for task in dag.tasks}
    condition = getattr(dag.timetable, "asset_condition", getattr(dag.timetable, "dataset_condition", None))
    called = [asset(each.uri) for each in getattr(condition, "objects", [])]
    works = [
        {
            "assets": made[task.task_id],
            "after": [name for above in task.upstream_task_ids for name in made[above]],
            "retries": task.retries,
            "first_wait": task.retry_delay.total_seconds(),
        }
        for task in dag.tasks
    ]
    schedule = [getattr(dag.timetable, "_expression", None), str(getattr(dag.timetable, "_timezone", ""))]
    flows.append({"schedule": schedule if schedule[0] else None, "called_by": called, "works": works})
print(json.dumps(flows))
