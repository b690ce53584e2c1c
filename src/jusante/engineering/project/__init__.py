"""A project folder as a graph. All problems are found at once, each with file and line."""

from jusante.engineering.project.problems import CODES, ProjectProblems
from jusante.engineering.project.reader import read_bare, read_problems, read_project, tables_here

__all__ = ["CODES", "ProjectProblems", "read_bare", "read_problems", "read_project", "tables_here"]
