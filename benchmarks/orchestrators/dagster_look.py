"""Run by Dagster's Python: what Dagster itself reads in a file of definitions, as JSON on the last line."""

import importlib
import json
import sys

import dagster

sys.path.insert(0, sys.argv[1])
module = importlib.import_module(sys.argv[2])
graph = module.definitions.resolve_asset_graph()
names = {node.key: node.metadata["jusante/asset"] for node in graph.asset_nodes}
flows = []
for each in module.definitions.assets:
    if isinstance(each, dagster.AssetSpec):
        continue
    retries = each.op.retry_policy
    for spec in each.specs:
        node = graph.get(spec.key)
        condition = node.automation_condition
        clock = getattr(condition, "cron_schedule", None)
        work = {
            "assets": [names[spec.key]],
            "after": [names[key] for key in node.parent_keys],
            "retries": retries.max_retries,
            "first_wait": retries.delay,
        }
        schedule = [clock, condition.cron_timezone] if clock else None
        flows.append({"schedule": schedule, "called_by": [], "works": [work]})
print(json.dumps(flows))
