"""Run by Prefect's Python: runs each flow that a file would serve, and tells what Prefect's own server then knows, as JSON on
the last line. Flows that others begin come last."""

import json
import runpy
import sys
import time

import prefect
from prefect.client.orchestration import get_client
from prefect.testing.utilities import prefect_test_harness

served = []
prefect.serve = lambda *deployments, **_: served.extend(deployments)


def schedule(deployment):
    told = [each.schedule for each in deployment.schedules or []]
    return [told[0].cron, told[0].timezone] if told and hasattr(told[0], "cron") else None


def called(deployment):
    return [name for each in deployment.triggers for name in each.match_related["prefect.resource.name"]]


def told(flow, deployment, client):
    ended = flow(return_state=True)
    runs = settled(client, ended)
    names = {run.id: run.name.rsplit("-", 1)[0] for run in runs}
    works = [
        {
            "assets": [names[run.id]],
            "after": [names[each.id] for each in run.task_inputs.get("wait_for", [])],
            "retries": run.empirical_policy.retries,
            "first_wait": run.empirical_policy.retry_delay[0],
        }
        for run in runs
    ]
    return {"name": flow.name, "schedule": schedule(deployment), "flows": called(deployment), "works": works}


def settled(client, ended):
    """The runs of tasks, which the server learns of from events, a little after they have ended."""
    wanted = {state.state_details.task_run_id for state in ended.result(raise_on_failure=False)}
    until = time.monotonic() + 120
    while time.monotonic() < until:
        runs = client.read_task_runs(flow_run_filter=by_id(ended.state_details.flow_run_id), limit=200)
        if {run.id for run in runs if run.state_type and run.state_type.value == "COMPLETED"} >= wanted:
            return runs
        time.sleep(0.5)
    raise RuntimeError("the server never learned of the runs")


def by_id(run_id):
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    return FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))


module = runpy.run_path(sys.argv[1], run_name="__main__")
flows = {each.name: each for each in module.values() if isinstance(each, prefect.Flow)}
with prefect_test_harness(server_startup_timeout=120), get_client(sync_client=True) as client:
    found = [
        told(flows[deployment.flow_name], deployment, client)
        for deployment in sorted(served, key=lambda each: bool(each.triggers))
    ]
made = {flow["name"]: [name for work in flow["works"] for name in work["assets"]] for flow in found}
for flow in found:
    flow["called_by"] = [name for above in flow.pop("flows") for name in made[above]]
print(json.dumps(found))
