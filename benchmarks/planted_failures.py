"""Failures planted in the shop of the demo, each in a real run: is its true cause named first, and is it one incident?

Before each one the shop's folder, with the data of its PostgreSQL, is put back to where it was after a run in which all went
well. Then something is broken, a new order comes in, so that new data are a suspect each time, and the shop runs.
"""

import collections
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import measure
from jusante.app import Lake
from jusante.core.incident import Incident
from jusante.demo.incident_act import BUSINESS, server
from jusante.demo.play import prepare, systems
from jusante.demo.social_api import SocialApi
from measure import Target
from shop_breakages import Plant, Stage, data, edits, kills, sources

SCALE = 0.005


def main() -> None:
    wanted = sys.argv[1:]
    plants = [plant for made in (edits, sources, data, kills) for plant in made()]
    plants = [plant for plant in plants if not wanted or any(word in plant.title for word in wanted)]
    results = [(plant, found) for plant, found in played(plants)]
    if not wanted:
        publish(results)


def played(plants: list[Plant]) -> Iterator[tuple[Plant, list[Incident]]]:
    folder, kept = measure.WORK / "planted" / "shop", measure.WORK / "planted" / "kept"
    for path in (folder, kept):
        shutil.rmtree(path, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shop = prepare(folder, SCALE)
    with systems_of(folder, shop) as social:
        with Lake.open(folder) as lake:
            assert lake.run().status == "succeeded"
        database = server(folder)
        database.stop()
        is_up = False
        subprocess.run(["cp", "-a", folder, kept], check=True)
        given = {name: os.environ[name] for name in ("SOCIAL_URL", "SOCIAL_TOKEN", "SALES_URL")}
        for plant in plants:
            began = time.monotonic()
            if is_up:
                database.stop()
            shutil.rmtree(folder)
            subprocess.run(["cp", "-a", kept, folder], check=True)
            database.start()
            is_up = True
            os.environ.update(given)
            social.token = given["SOCIAL_TOKEN"]
            stage = Stage(folder, database, social)
            stage.sql(*BUSINESS)
            plant.do(stage)
            found = seen(folder)
            said = [
                (each.cause.asset, each.suspects[0].kind, each.suspects[0].subject) for each in found if each.suspects
            ]
            mark = "ok" if is_first(plant, found) and len(found) == 1 else f"WRONG: {said}"
            measure.tell(f"{plant.title}: {mark} ({time.monotonic() - began:.1f} s)")
            yield plant, found
        database.start()


def systems_of(folder: Path, shop: object):
    """The shop's systems, with the API itself, so that it can be spoilt."""
    from contextlib import contextmanager

    from jusante.demo import play, social_api

    made: list[SocialApi] = []

    @contextmanager
    def serving(posts: object, token: str) -> Iterator[SocialApi]:
        with real(posts, token) as api:
            made.append(api)
            yield api

    @contextmanager
    def running() -> Iterator[SocialApi]:
        play.social_api.serving = serving
        with systems(folder, shop):
            yield made[0]

    real = social_api.serving
    return running()


def seen(folder: Path) -> list[Incident]:
    """The incidents that there are after a run; before it there were none."""
    with Lake.open(folder) as lake:
        lake.run()
        return list(lake.metadata.incidents(None, 99))


def is_first(plant: Plant, found: list[Incident]) -> bool:
    return any(_is_of(plant, each) for each in found if each.suspects)


def _is_of(plant: Plant, incident: Incident) -> bool:
    """Whether it is about the right thing, with the right first suspect. Of a dead run, all that it was making is named."""
    first = incident.suspects[0]
    names = incident.assets if incident.cause.kind == "crash" else (incident.cause.asset,)
    return plant.asset in names and (first.kind, first.subject) == (plant.kind, plant.subject)


def _said(found: list[Incident]) -> str:
    names = [f"{each.cause.asset} ({each.suspects[0].kind} of {each.suspects[0].subject})" for each in found]
    return ", ".join(names) or "no incident"


def publish(results: list[tuple[Plant, list[Incident]]]) -> None:
    sorts: dict[str, list[tuple[bool, bool]]] = collections.defaultdict(list)
    for plant, found in results:
        sorts[plant.sort].append((is_first(plant, found), len(found) == 1))
    rows = [[sort, len(all_), sum(a for a, _ in all_), sum(b for _, b in all_)] for sort, all_ in sorts.items()]
    count = len(results)
    first, single = (sum(each[place] for all_ in sorts.values() for each in all_) for place in (0, 1))
    wrong = [
        f"- {plant.title}: {_said(found)}"
        for plant, found in results
        if not (is_first(plant, found) and len(found) == 1)
    ]
    measure.publish(
        "planted_failures",
        f"{count} failures planted in the shop of the demo (PostgreSQL, files and a web API, {SCALE * 100_000:,.0f} orders), each in a "
        "real run after one in which all went well, while a new order comes in. True cause first means: the incident is about the "
        "right asset, source or change, and its first suspect is of the right kind and the right thing. A secret that is missing "
        "stops a run before it begins and is told by it; it is not counted.",
        measure.table(["what is broken", "planted", "true cause first", "one incident"], rows),
        "Not right:\n\n" + "\n".join(wrong) if wrong else "All were right.",
        measure.targets_table(
            [
                Target("failures planted", 50, count, "", at_least=True),
                Target("true cause first", 95, 100 * first / count, "%", at_least=True),
                Target("one incident each", 95, 100 * single / count, "%", at_least=True),
            ]
        ),
    )


if __name__ == "__main__":
    main()
