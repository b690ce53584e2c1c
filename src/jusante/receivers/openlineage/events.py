"""Tasks and assets as events of the standard (https://openlineage.io/spec/2-0-2).

No event holds a value, a connection, the text of a query, or the words of an error, in which values may stand.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from jusante.core.asset import Asset, Ingested
from jusante.core.column_graph import SOURCE, ColumnGraph
from jusante.core.graph import Graph
from jusante.core.lineage import DIRECT, Edge
from jusante.core.run import Task
from jusante.core.schema import Schema

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent
    from openlineage.client.facet_v2 import DatasetFacet, JobFacet, RunFacet

PRODUCER = f"pkg:pypi/jusante@{version('jusante')}"
_SUBTYPES: Mapping[str, str] = {
    "identity": "IDENTITY",
    "transformation": "TRANSFORMATION",
    "aggregation": "AGGREGATION",
    "join": "JOIN",
    "group": "GROUP_BY",
    "filter": "FILTER",
    "sort": "SORT",
    "window": "WINDOW",
    "condition": "CONDITION",
}


@dataclass(frozen=True, slots=True)
class Story:
    """What events tell of: a project's graph, its columns as they are known now, and the schemas of its tables.

    `look` is called with an asset that has just been made, so that what is new is known before it is told.
    """

    namespace: str
    graph: Graph
    columns: Callable[[], ColumnGraph]
    schema: Callable[[str], Schema | None]
    look: Callable[[str], None]

    # -- a run -------------------------------------------------------------------------------------------------------

    def started(self, run_id: str, asset: str, at: dt.datetime) -> "RunEvent":
        """A task has begun."""
        return self._of_run("START", run_id, self.graph[asset], at, {})

    def ended(self, run_id: str, task: Task, at: dt.datetime) -> "RunEvent":
        """A task has succeeded, failed, or was left alone after it had begun."""
        from openlineage.client.facet_v2 import error_message_run

        if task.status == "succeeded":
            self.look(task.asset)
        kind = {"succeeded": "COMPLETE", "skipped": "ABORT"}.get(task.status, "FAIL")
        facets: dict[str, RunFacet] = {}
        if kind == "FAIL":
            code = (task.error or {}).get("code", "J000")
            said = f"{code}: {task.asset} {task.status}; jusante logs {run_id} tells why"
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(said, "PYTHON", producer=PRODUCER)
        return self._of_run(kind, run_id, self.graph[task.asset], at, facets, task)

    def _of_run(  # what happened to what, when, in which run
        self,
        kind: str,
        run_id: str,
        asset: Asset,
        at: dt.datetime,
        facets: "dict[str, RunFacet]",
        task: Task | None = None,
    ) -> "RunEvent":
        from openlineage.client.event_v2 import RunEvent, RunState
        from openlineage.client.facet_v2 import parent_run

        parent = parent_run.ParentRunFacet(
            run=parent_run.Run(self._uuid(run_id)),
            job=parent_run.Job(self.namespace, "run"),
            producer=PRODUCER,
        )
        return RunEvent(
            eventTime=at.isoformat(),
            eventType=RunState[kind],
            run=_run(self._uuid(run_id, asset.id), {"parent": parent, **facets}),
            job=self._job(asset),
            inputs=list(self._inputs(asset)),
            outputs=[self._output(asset, task)],
            producer=PRODUCER,
        )

    def _uuid(self, *parts: str) -> str:
        """The same for the same run, so that events that are told twice are known again."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((self.namespace, *parts))))

    # -- the graph as it stands --------------------------------------------------------------------------------------

    def standing(self, at: dt.datetime) -> "Iterator[JobEvent]":
        """Each asset as a job that makes a dataset, in their order."""
        from openlineage.client.event_v2 import JobEvent

        for name in self.graph.order:
            asset = self.graph[name]
            yield JobEvent(
                eventTime=at.isoformat(),
                job=self._job(asset),
                inputs=list(self._inputs(asset)),
                outputs=[self._output(asset, None)],
                producer=PRODUCER,
            )

    # -- jobs and datasets -------------------------------------------------------------------------------------------

    def _job(self, asset: Asset) -> "Job":
        from openlineage.client.event_v2 import Job
        from openlineage.client.facet_v2 import documentation_job, job_type_job, ownership_job

        facets: dict[str, JobFacet] = {
            "jobType": job_type_job.JobTypeJobFacet("BATCH", "JUSANTE", asset.kind.upper(), producer=PRODUCER)
        }
        if asset.owner:
            facets["ownership"] = ownership_job.OwnershipJobFacet(
                owners=[ownership_job.Owner(asset.owner, "OWNER")], producer=PRODUCER
            )
        if asset.about:
            facets["documentation"] = documentation_job.DocumentationJobFacet(asset.about, producer=PRODUCER)
        return Job(self.namespace, asset.id, facets=facets)

    def _inputs(self, asset: Asset) -> "Iterator[InputDataset]":
        from openlineage.client.event_v2 import InputDataset

        if isinstance(asset.definition, Ingested):
            namespace, name = self._dataset(f"{SOURCE}{asset.id}")
            yield InputDataset(namespace, name, facets={"dataSource": self._data_source(namespace)})
        for above in asset.inputs:
            yield InputDataset(*self._dataset(above), facets=self._facets(self.graph[above]))

    def _output(self, asset: Asset, task: Task | None) -> "OutputDataset":
        from openlineage.client.event_v2 import OutputDataset
        from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

        facets = self._facets(asset)
        lineage = self._column_lineage(asset)
        if lineage:
            facets["columnLineage"] = lineage
        counted: dict[str, Any] = {}
        if task and task.rows_out is not None:
            counted["outputStatistics"] = statistics.OutputStatisticsOutputDatasetFacet(
                task.rows_out, producer=PRODUCER
            )
        return OutputDataset(*self._dataset(asset.id), facets=facets, outputFacets=counted)

    def _dataset(self, table: str) -> tuple[str, str]:
        """The namespace and name of a table; at its source those of the source, by its kind and name alone."""
        if not table.startswith(SOURCE):
            return self.namespace, table
        ingested = self.graph[table.removeprefix(SOURCE)].definition
        assert isinstance(ingested, Ingested)
        return f"{ingested.source.kind}://{ingested.source.source}", ingested.table.origin or ingested.name

    def _facets(self, asset: Asset) -> "dict[str, DatasetFacet]":
        from openlineage.client.facet_v2 import ownership_dataset, schema_dataset

        found: dict[str, DatasetFacet] = {"dataSource": self._data_source(self.namespace)}
        names = self.columns().columns(asset.id)
        if names:
            schema = self.schema(asset.id)
            kinds = {column.name: column.type for column in schema.columns} if schema else {}
            fields = [
                schema_dataset.SchemaDatasetFacetFields(name, kinds.get(name), ordinal_position=number)
                for number, name in enumerate(names, 1)
            ]
            found["schema"] = schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)
        if asset.owner:
            owners = [ownership_dataset.Owner(asset.owner, "OWNER")]
            found["ownership"] = ownership_dataset.OwnershipDatasetFacet(owners=owners, producer=PRODUCER)
        return found

    def _data_source(self, namespace: str) -> "DatasetFacet":
        from openlineage.client.facet_v2 import datasource_dataset

        name = namespace.partition("://")[2]
        return datasource_dataset.DatasourceDatasetFacet(name=name, uri=namespace, producer=PRODUCER)

    def _column_lineage(self, asset: Asset) -> "DatasetFacet | None":
        """What each column is made of; what decides the rows belongs to the dataset as a whole."""
        from openlineage.client.facet_v2 import column_lineage_dataset as facet

        columns = self.columns()
        found = columns.lineage(asset.id)
        if found is None or not found.columns:
            return None
        fields = {name: facet.Fields(inputFields=self._origins(edges)) for name, edges in found.columns.items()}
        return facet.ColumnLineageDatasetFacet(fields=fields, dataset=self._origins(found.rows), producer=PRODUCER)

    def _origins(self, edges: Iterable[Edge]) -> list[Any]:
        from openlineage.client.facet_v2 import column_lineage_dataset as facet

        found: dict[tuple[str, str, str], list[Any]] = {}
        for edge in sorted(edges):
            kind = "DIRECT" if edge.how in DIRECT else "INDIRECT"
            done = facet.Transformation(
                type=kind, subtype=_SUBTYPES[edge.how], masking=edge.form not in {"whole", "part"}
            )
            found.setdefault((*self._dataset(edge.origin.table), edge.origin.column), []).append(done)
        return [facet.InputField(*place, transformations=done) for place, done in found.items()]


def _run(run_id: str, facets: "dict[str, RunFacet]") -> "Run":
    from openlineage.client.event_v2 import Run

    return Run(run_id, facets=facets)
