"""What an operator sees inside: one trace a task, and metrics, without any argument or result in them."""

from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.scenarios.world import a_world


@pytest.fixture(scope="module")
def spans() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


async def test_a_task_is_one_trace_of_turns_and_tools(
    spans: InMemorySpanExporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask("is checkout failing?")
        await world.text(thread, "looks healthy")
    found = spans.get_finished_spans()
    [root] = [s for s in found if s.name == "invoke_agent"]
    below = [s for s in found if s.context.trace_id == root.context.trace_id and s is not root]
    assert {s.name for s in below} == {"chat rules", "execute_tool shop.error_rate"}
    ids = {s.attributes["ops.correlation_id"] for s in found if s.attributes}
    assert root.attributes is not None
    assert ids == {root.attributes["ops.correlation_id"]}
    assert "checkout" not in str([dict(s.attributes or {}) for s in found])
