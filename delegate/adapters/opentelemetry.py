"""OpenTelemetry: a span, a counter and a duration for each operation of either end.

    observer = OpenTelemetryObserver()
    verifier = Verifier(..., observer=observer)
    transport = SigningTransport(httpx.HTTPTransport(), observer=observer)

It needs the API alone (extra ``otel``); what becomes of spans and metrics is the business of the SDK that the
program sets up. Spans carry names and ids; metrics carry what is few: operation, verdict, code and step. No
secret reaches either, for none is in an ``Event`` (``delegate.observer``). See docs/logging.md.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import get_meter
from opentelemetry.trace import SpanKind, StatusCode, get_tracer

from delegate.observer import Event, Operation

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

__all__ = ["OpenTelemetryObserver"]

_SCOPE: Final = "delegate"
_FEW: Final = ("operation", "verdict", "code", "step")
"""What a metric may tell apart: their product is bounded by the library, whatever anybody sends."""


class OpenTelemetryObserver:
    """Reports to the given providers, by default to the program's global ones."""

    __slots__ = ("_count", "_duration", "_tracer")

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        """Make one tracer and two instruments."""
        self._tracer: Final = get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = get_meter(_SCOPE, meter_provider=meter_provider)
        self._count: Final = meter.create_counter(
            "delegate.operations", unit="{operation}", description="Operations that ended, by their verdict"
        )
        self._duration: Final = meter.create_histogram(
            "delegate.operation.duration", unit="s", description="How long operations took"
        )

    def begin(self, operation: Operation, /) -> Callable[[Event], None]:
        """Start a span, as a child of the current one, and a clock."""
        span = self._tracer.start_span(f"delegate {operation}", kind=SpanKind.INTERNAL)
        started = perf_counter()

        def end(event: Event) -> None:
            lasted = perf_counter() - started
            known = {f"delegate.{name}": fact for name, fact in event.known().items()}
            few = {name: fact for name, fact in known.items() if name.removeprefix("delegate.") in _FEW}
            span.set_attributes(known)
            if event.verdict == "failed":
                span.set_status(StatusCode.ERROR)
            span.end()
            self._count.add(1, few)
            self._duration.record(lasted, few)

        return end
