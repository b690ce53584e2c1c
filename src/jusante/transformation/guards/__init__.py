"""Guards of queries: rules that each look at one query and say what will go wrong with it, with a number and a fix."""

from jusante.transformation.guards.kept import KeptFindings
from jusante.transformation.guards.rules import RULES, Rule
from jusante.transformation.guards.subject import Found
from jusante.transformation.guards.watching import first_line_of, found_in

__all__ = ["RULES", "Found", "KeptFindings", "Rule", "first_line_of", "found_in"]
