"""Incidents: one for each cause, with what it befell, what is suspected, and what was done about it."""

from jusante.dataops.incidents.causes import Case, cases_of
from jusante.dataops.incidents.changes import Change, Past, changes
from jusante.dataops.incidents.deciding import News, decide
from jusante.dataops.incidents.suspects import suspects
from jusante.dataops.incidents.symptoms import Symptom, symptoms_of

__all__ = ["Case", "Change", "News", "Past", "Symptom", "cases_of", "changes", "decide", "suspects", "symptoms_of"]
