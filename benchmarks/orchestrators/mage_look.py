"""Run by Mage's Python: what Mage itself reads in a project's folder, as JSON on the last line."""

import ast
import json
import os
import re
import sys
from pathlib import Path

os.chdir(sys.argv[1])

from mage_ai.data_preparation.models.pipeline import Pipeline  # noqa: E402
from mage_ai.data_preparation.models.triggers import get_triggers_by_pipeline  # noqa: E402


def assets(block):
    """What the block's code calls for; nothing where it makes nothing."""
    for node in ast.walk(ast.parse(block.content)):
        if isinstance(node, ast.List):
            words = ast.literal_eval(node)
            return words[words.index("run") + 1 : words.index("--project")]
    return []


def starts(block):
    found = re.search(r'trigger_pipeline\("(.*?)"\)', block.content)
    return found and found[1]


pipelines = {
    path.parent.name: Pipeline.get(path.parent.name, repo_path=sys.argv[1])
    for path in sorted(Path("pipelines").glob(f"{sys.argv[2]}*/metadata.yaml"))
}
flows, called = {}, {}
for name, pipeline in pipelines.items():
    blocks = pipeline.blocks_by_uuid
    works = []
    for block in blocks.values():
        above = [made for other in block.upstream_blocks for made in assets(other)]
        if below := starts(block):
            called.setdefault(below, []).extend(above)
            continue
        retries = block.retry_config
        works.append(
            {"assets": assets(block), "after": above, "retries": retries["retries"], "first_wait": retries["delay"]}
        )
    triggers = get_triggers_by_pipeline(name)
    flows[name] = {"schedule": [triggers[0].schedule_interval, "UTC"] if triggers else None, "works": works}
for name, flow in flows.items():
    flow["called_by"] = called.get(name, [])
print(json.dumps(list(flows.values())))
