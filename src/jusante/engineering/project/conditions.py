"""What conditions speak of and `jusante.yaml` has to know: who may call, the broker, other projects."""

from collections.abc import Callable

from jusante.core.asset import Asset
from jusante.core.environment import Environment
from jusante.core.graph import Graph
from jusante.core.model import Query, QueryProblem
from jusante.core.names import QUARANTINE, nearest
from jusante.core.others import signing_key
from jusante.core.secret import Secret
from jusante.core.trigger import Condition
from jusante.engineering.project.documents import Document
from jusante.engineering.project.problems import Findings

SHORTEST = 16
"""Senders choose their keys, and the shortest that the standard allows is longer."""
FEWEST_DIFFERENT = 8
_MAKES_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))" makes a token'
_AS_GIVEN = "write it as the sender shows it: whsec_… in base64"


def check_conditions(
    graph: Graph, environment: Environment, analyse: Callable[[str], Query], findings: Findings
) -> None:
    """Tell of conditions that can never be the case, because nobody has said where to look, or nobody can."""
    for asset in graph:
        for condition in asset.timing.when:
            if condition.sql:
                _check_query(asset, condition.sql, graph, analyse, findings)
            _check(asset, condition, environment, findings)


def _check_query(asset: Asset, sql: str, graph: Graph, analyse: Callable[[str], Query], findings: Findings) -> None:
    try:
        reads = analyse(sql).reads
    except QueryProblem as problem:
        findings.add(
            "J244", f"{asset.id} waits for a query that cannot be read: {problem.what}", asset.place, problem.fix
        )
        return
    known = {each.id for each in graph}
    for name in reads:
        if name.removesuffix(QUARANTINE) not in known:
            near = nearest(name, known)
            fix = f"did you mean {near}?" if near else "jusante catalog search finds the tables there are"
            findings.add("J244", f"{asset.id} waits for a query of {name}, which is no table here", asset.place, fix)


def check_hooks(document: Document, chosen: str, environment: Environment, findings: Findings) -> None:
    """Tell of hooks whose key proves nothing. One whose variable is not set is told as such."""
    for name, hook in environment.hooks.items():
        key = hook.token or hook.secret
        if key.reveal() and (wrong := _wrong_key(key, is_token=hook.token is not None)):
            place = document.place(("environments", chosen, "hooks", name))
            findings.add("J243", f"the hook {name}: {wrong}", place, _MAKES_ONE if hook.token else _AS_GIVEN)


def _wrong_key(key: Secret, *, is_token: bool) -> str:
    if len(key.reveal()) < SHORTEST or len(set(key.reveal())) < FEWEST_DIFFERENT:
        return f"its key can be guessed: it is less than {SHORTEST} characters, or the same few again and again"
    return "" if is_token or signing_key(key) else "its secret is not base64, so it signs nothing"


def _check(asset: Asset, condition: Condition, environment: Environment, findings: Findings) -> None:
    match condition.kind:
        case "webhook" if condition.webhook not in environment.hooks:
            near = nearest(str(condition.webhook), environment.hooks)
            add = f"hooks: {{{condition.webhook}: {{secret: ${{env:HOOK_SECRET}}}}}}"
            fix = f"did you mean {near}?" if near else f"write it under the environment in jusante.yaml: {add}"
            what = f"{asset.id} waits for the webhook {condition.webhook}, which nobody may call"
            findings.add("J240", what, asset.place, fix)
        case "message" if environment.broker is None:
            what = f"{asset.id} waits for a message on {condition.message}, and there is no broker"
            fix = "write it under the environment in jusante.yaml: broker: {url: ${env:NATS_URL}}"
            findings.add("J241", what, asset.place, fix)
        case "asset":
            _check_asset(asset, str(condition.asset), environment, findings)


def _check_asset(asset: Asset, text: str, environment: Environment, findings: Findings) -> None:
    project, _, table = text.partition(":")
    if not project or not table:
        what = f"{asset.id} waits for {text}, which does not say of which project"
        findings.add("J242", what, asset.place, "write project and asset: ../other:marts.x")
    elif "/" not in project and project not in environment.projects:
        near = nearest(project, environment.projects)
        add = f"projects: {{{project}: {{folder: ../{project}}}}}"
        fix = f"did you mean {near}?" if near else f"write it under the environment in jusante.yaml: {add}"
        findings.add("J242", f"{asset.id} waits for {text}, and nobody knows where {project} is", asset.place, fix)
