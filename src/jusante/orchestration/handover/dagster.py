"""The graph as assets for Dagster: one for each asset, made by the work that makes it, begun by automation conditions."""

import datetime as dt
import re
from collections.abc import Callable, Iterable

from jusante.core.names import split
from jusante.orchestration.handover import crons, names
from jusante.orchestration.handover.plan import Call, Handover, Item, Note, Start, Work, Written
from jusante.orchestration.handover.writing import Code, call, docstring, head, literal

_HOW = (
    "Load it with `dagster dev -f FILE`, or as a code location; switch on the sensor default_automation_condition_sensor. "
    "Steps of one Dagster run work one at a time, as one run holds the project at a time; others wait for it."
)

_WORK = '''\
def work(name, assets, retries, timeout=None, pool=None, priority=0):
    """One call of `jusante run`, and the assets that it makes."""

    @multi_asset(
        name=name,
        specs=assets,
        retry_policy=retries,
        pool=pool,
        op_tags={"dagster/priority": str(priority)},
    )
    def made(context: AssetExecutionContext):
        named = [spec.metadata["jusante/asset"] for spec in assets]
        done = subprocess.run([*JUSANTE, *named], timeout=timeout, check=False)
        if done.returncode:
            # 2 and 3: the project is wrong, a query was refused. The same would fail again.
            raise Failure(f"jusante run ended with {done.returncode}", allow_retries=done.returncode == 1)

    return made
'''

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TAG = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_PART = re.compile(r"[A-Za-z0-9_ .-]+")
LONGEST_DAY = dt.timedelta(hours=23)
"""A day on which clocks are set forward: what a deadline may look back, at the most."""


def written(handover: Handover, call_of: Call) -> Written:
    """One file of definitions."""
    notes = (*handover.notes, *_notes(handover))
    outside = [_spec(item, None) for item in handover.outside]
    works = [_work(work, call_of) for _, work in handover.works]
    definitions = call("Definitions", assets=Code("[*WORKS, *OUTSIDE]"), executor=Code("in_process_executor"))
    parts = [
        docstring(head(handover, "Dagster", notes, _HOW)),
        "",
        _imports(handover),
        "",
        f"JUSANTE = {literal([*call_of.begin, *call_of.where, '--'])}",
        "NEWS = AutomationCondition.eager()",
        "",
        "",
        _WORK,
        "",
        f"WORKS = {literal(works)}",
        "",
        "# Not made here: what others make, and who reads what is made.",
        f"OUTSIDE = {literal(outside)}",
        "",
        f"definitions = {definitions}",
    ]
    return Written({f"jusante_{names.identifier(handover.project)}.py": "\n".join(parts) + "\n"}, notes)


def key(name: str) -> tuple[str, ...]:
    """What Dagster calls an asset: `marts.daily` is marts/daily, `step:x` is step___x."""
    if ":" in name or "." not in name:
        return (names.identifier(name),)
    parts = split(name)
    return parts if all(_PART.fullmatch(part) for part in parts) else (names.identifier(name),)


def _imports(handover: Handover) -> str:
    targets = any(item.fresh or item.deadline for _, work in handover.works for item in work.items)
    used = ["AssetExecutionContext", "AssetSpec", "AutomationCondition", "Backoff", "Definitions", "Failure"]
    used += ["FreshnessPolicy"] if targets else []
    used += ["RetryPolicy", "in_process_executor", "multi_asset"]
    first = "import subprocess\n" + ("from datetime import timedelta\n" if targets else "")
    return f"{first}\nfrom dagster import (\n" + "".join(f"    {name},\n" for name in used) + ")"


def _work(work: Work, call_of: Call) -> Code:
    retries = (
        call(
            "RetryPolicy",
            max_retries=work.attempts - 1,
            delay=work.waits_seconds[0],
            backoff=Code("Backoff.EXPONENTIAL"),
        )
        if work.attempts > 1
        else None
    )
    return call(
        "work",
        name=names.identifier(work.name),
        assets=[_spec(item, _begun(item)) for item in work.items],
        retries=retries or Code("None"),
        timeout=work.longest_seconds(call_of),
        pool=work.pool and names.identifier(work.pool),
        priority=work.priority or None,
    )


def _begun(item: Item) -> Code | None:
    """The condition that begins an asset: a tick of its clock, news of its inputs, or none."""
    if item.start is None:
        return Code("NEWS")
    if item.start.clock is None:
        return None
    cron = crons.nearly(item.start.clock)
    return call("AutomationCondition.cron_tick_passed", cron.expression, cron.zone)


def _spec(item: Item, begun: Code | None) -> Code:
    return call(
        "AssetSpec",
        list(key(item.asset)),
        deps=[list(key(name)) for name in item.inputs] or None,
        description=item.about or None,
        group_name=names.identifier(key(item.asset)[0]) if "." in item.asset else f"{item.kind}s",
        owners=[_owner(item.owner)] if item.owner else None,
        tags={_tag(tag): "" for tag in item.tags} or None,
        kinds=Code(f'{{"jusante", {literal(item.kind)}}}'),
        metadata={"jusante/asset": item.asset},
        automation_condition=begun,
        freshness_policy=_freshness(item),
    )


def _owner(owner: str) -> str:
    """Dagster knows addresses and teams."""
    return owner if _EMAIL.fullmatch(owner) else f"team:{re.sub(r'[^A-Za-z0-9_]+', '_', owner)}"


def _tag(tag: str) -> str:
    return tag if _TAG.fullmatch(tag) else names.identifier(tag)[:63]


def _freshness(item: Item) -> Code | None:
    """Dagster says when a target is missed: an age, or a time of day by which something that young is there."""
    if item.deadline:
        young = min(item.fresh or LONGEST_DAY, LONGEST_DAY)
        return call("FreshnessPolicy.cron", item.deadline.expression, young, timezone=item.deadline.zone)
    return call("FreshnessPolicy.time_window", fail_window=item.fresh) if item.fresh else None


def _notes(handover: Handover) -> tuple[Note, ...]:
    works = [work for _, work in handover.works]
    starts = {item.start: item.asset for work in works for item in work.items if item.start and item.start.clock}
    found = [
        Note(f"made {start} in jusante; Dagster makes it at {crons.nearly(start.clock)}", _started(works, start))
        for start in starts
        if start.clock and not crons.exactly(start.clock)
    ]
    capped = tuple(work.name for work in works if work.waits_seconds and work.waits_seconds[-1] != _doubled(work))
    if capped:
        found.append(Note("waits between its attempts have no longest one in Dagster", capped))
    every = _started(works, None, lambda start: start.catch_up == "all")
    if every:
        found.append(Note("ticks that passed are made up for by one run, not one by one", every))
    late = tuple(item.asset for work in works for item in work.items if item.fresh or item.deadline)
    if late:
        found.append(Note("Dagster says that it is late, not that it will be", late))
    pools = sorted({work.pool for work in works if work.pool})
    found += [Note(f"pool {name}: `dagster instance concurrency set {names.identifier(name)} 1`") for name in pools]
    return tuple(found)


def _doubled(work: Work) -> int:
    return int((work.wait * 2 ** (work.attempts - 2)).total_seconds())


def _started(
    works: Iterable[Work], start: Start | None, holds: Callable[[Start], bool] = lambda _: False
) -> tuple[str, ...]:
    items = (item for work in works for item in work.items)
    return tuple(item.asset for item in items if item.start and (item.start == start or holds(item.start)))
