"""The graph in the hands of another orchestrator: the same works, in the same order, at the same times.

`handed_over` says what there is to do and when, whoever does it; `airflow`, `dagster`, `prefect` and `mage` write that down as
code of theirs. Each work calls `jusante run` for its assets, so what is made, and whether it is stale, is decided as always.
"""
