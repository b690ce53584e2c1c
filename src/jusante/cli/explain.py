"""`jusante explain`."""

from pathlib import Path
from typing import Any

import click

from jusante.cli.options import asset_names, opened, project_options


@click.command()
@click.argument("model", required=False, shell_complete=asset_names)
@click.option(
    "--run", "run_now", is_flag=True, help="Run its query now, publishing nothing, to see where its time goes."
)
@click.option("--rule", metavar="CODE", help="Explain a rule of the guards, such as J160, in place of a model.")
@project_options
def explain(
    model: str | None, run_now: bool, rule: str | None, folder: Path, environment: str | None, as_json: bool
) -> None:
    """What a model does in words, what it reads, where its time goes, and what the guards say of it."""
    if rule or not model:
        _explain_rules(rule, as_json=as_json)
        return
    with opened(folder, environment) as lake:
        from jusante.app.explain import explain as explained
        from jusante.cli.console import print_json
        from jusante.cli.explanation import print_explanation

        found = explained(lake.system, model, run=run_now)
    if as_json:
        print_json(found.as_dict())
    else:
        print_explanation(found)


def _explain_rules(rule: str | None, *, as_json: bool) -> None:
    """One rule at length; all of them by title, where none is named."""
    from jusante.app.guards import rules
    from jusante.cli.console import print_json
    from jusante.cli.explanation import print_rules
    from jusante.core.names import nearest
    from jusante.errors import UsageError

    known = rules()
    if rule and rule.upper() not in known:
        near = nearest(rule.upper(), known)
        raise UsageError(
            f"there is no rule {rule}", fix=f"did you mean {near}?" if near else "jusante explain lists them"
        )
    chosen: list[Any] = [known[rule.upper()]] if rule else list(known.values())
    if as_json:
        print_json({"rules": [{name: getattr(each, name) for name in each.__slots__} for each in chosen]})
    else:
        print_rules(chosen, at_length=bool(rule))
