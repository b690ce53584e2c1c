"""Python models: a function from Arrow tables to one, called here, or in a process of its own where it has limits."""

import shutil
from typing import TYPE_CHECKING

from jusante.core import size
from jusante.core.model import PythonModel
from jusante.core.names import quote_table
from jusante.ports.engine import Session
from jusante.ports.relation import Batches
from jusante.transformation.build import Built, Job, Workshop
from jusante.transformation.python_apart import called_apart
from jusante.transformation.python_function import call
from jusante.transformation.watching import Limits

if TYPE_CHECKING:
    import pyarrow as pa

RESULT = "__result.rows"


def build(workshop: Workshop, job: Job) -> Built:
    """Call the model's function with its inputs and publish what it returns."""
    model = job.asset.definition
    assert isinstance(model, PythonModel)
    timing = model.header
    try:
        with workshop.engine.session() as session:
            read = workshop.show(session, job.asset)
            if timing.timeout or timing.memory:  # the engine ends the session when its time is over
                limits = Limits(None, size.parse(timing.memory) if timing.memory else None, workshop.spent)
                place = workshop.scratch(job.asset.id)
                result = called_apart(workshop.folder, model, place, session, limits)
            else:
                result = _called(workshop, model, session)
            session.add(RESULT, Batches(result.schema, iter(result)))
            draft = workshop.draft(job, f"select * from {quote_table(RESULT)}", read)
            published = workshop.publisher.publish(session, draft)
            return Built(published, read)
    finally:
        shutil.rmtree(workshop.scratch(job.asset.id), ignore_errors=True)


def _called(workshop: Workshop, model: PythonModel, session: Session) -> "pa.RecordBatchReader":
    arguments = {
        parameter: session.table(f"select * from {quote_table(name)}") for parameter, name in model.inputs.items()
    }
    return call(workshop.folder, model.file, model.function, arguments)
