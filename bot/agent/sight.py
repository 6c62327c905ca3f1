"""Traces and metrics of an agent's work, by OpenTelemetry's GenAI conventions; silent without an SDK.

https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import metrics, trace
from opentelemetry.trace import Span, Status, StatusCode

_tracer = trace.get_tracer("ops_autopilot.agent")
_meter = metrics.get_meter("ops_autopilot.agent")
_tokens = _meter.create_histogram("gen_ai.client.token.usage", unit="{token}", description="tokens of one turn")
_duration = _meter.create_histogram("gen_ai.client.operation.duration", unit="s", description="length of one turn")


@dataclass
class SeenTurn:
    """One turn of a brain while it runs."""

    span: Span
    brain: str

    def used(self, tokens: int) -> None:
        """Tokens read and written by the turn, when the provider told."""
        if tokens:
            self.span.set_attribute("gen_ai.usage.total_tokens", tokens)
            _tokens.record(tokens, {"gen_ai.request.model": self.brain})


@contextmanager
def turn(brain: str, correlation_id: str) -> Iterator[SeenTurn]:
    """A span and a duration around one turn; an error marks both and goes on its way."""
    began = time.perf_counter()
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": brain, "ops.correlation_id": correlation_id}
    with _tracer.start_as_current_span(f"chat {brain}", attributes=attributes) as span:
        error = ""
        try:
            yield SeenTurn(span, brain)
        except Exception as failed:
            error = type(failed).__name__
            span.set_status(Status(StatusCode.ERROR, error))
            raise
        finally:
            labels = {"gen_ai.request.model": brain} | ({"error.type": error} if error else {})
            _duration.record(time.perf_counter() - began, labels)
