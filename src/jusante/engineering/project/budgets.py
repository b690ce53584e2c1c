"""What is wrong with budgets, once the whole project is known."""

from jusante.core.asset import Asset
from jusante.core.cost import Budget, Budgets
from jusante.core.graph import Graph
from jusante.core.names import nearest
from jusante.engineering.project.context import Context


def check_budgets(context: Context, budgets: Budgets, graph: Graph) -> None:
    """Tell of budgets that nothing can ever keep, or that nothing can ever pass."""
    for asset in graph:
        if asset.budget:
            _check_asset(context, asset, asset.budget, budgets)
    if budgets.owners:
        _check_owners(context, budgets, graph)


def _check_asset(context: Context, asset: Asset, budget: Budget, budgets: Budgets) -> None:
    findings = context.findings
    if not asset.is_made:
        what = f"{asset.id} has a budget, and is not made here: {asset.elsewhere or 'others make it'}"
        findings.add("J231", what, asset.place, "take the budget out: what others make costs nothing here")
    elif asset.kind == "view":
        what = f"{asset.id} is a view: what it costs is put down to who reads it, so its budget is never passed"
        findings.warn("J232", what, asset.place, "give the budget to what reads it, or build it as a table")
    above = [("the project", budgets.project), (asset.owner, budgets.owners.get(asset.owner or ""))]
    for whose, larger in above:
        if larger and larger.usd_per_month < budget.usd_per_month:
            what = f"{asset.id} may cost more (${budget.usd_per_month}) than all of {whose} (${larger.usd_per_month})"
            findings.warn("J233", what, asset.place, "make one of them fit the other")


def _check_owners(context: Context, budgets: Budgets, graph: Graph) -> None:
    owners = {asset.owner for asset in graph if asset.owner}
    strangers = [owner for owner in budgets.owners if owner not in owners]
    document = context.document(context.folder / "jusante.yaml") if strangers else None
    for owner in strangers:
        near = nearest(owner, owners)
        fix = f"did you mean {near}?" if near else "write an owner of some asset"
        place = document.place(("budgets", "owners", owner)) if document else "jusante.yaml"
        context.findings.add("J230", f"{owner} has a budget and owns nothing", place, fix)
