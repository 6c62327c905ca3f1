"""Servers that speak the formats of Prometheus, Alertmanager, Loki, Jaeger and Tempo, over a small world."""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass
class Place:
    """What the servers know."""

    alerts: list[Json] = field(default_factory=list)
    silences: dict[str, Json] = field(default_factory=dict)
    posted: int = 0
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    """(nanoseconds, service, text)"""
    asked: list[str] = field(default_factory=list)
    """LogQL as it arrived"""
    values: dict[str, str] = field(default_factory=lambda: {"up": "1", "errors": "0.25", "odd": "NaN"})

    def fire(self, name: str, **labels: str) -> None:
        self.alerts.append({"labels": {"alertname": name, **labels}, "annotations": {"summary": f"{name} is bad"}})

    def prometheus(self) -> Starlette:
        async def query(request: Request) -> Response:
            asked = request.query_params["query"]
            if asked not in self.values:
                body = {"status": "error", "errorType": "bad_data", "error": f"unknown metric {asked}"}
                return JSONResponse(body, status_code=400)
            row = {"metric": {"__name__": asked, "job": "shop"}, "value": [1_790_000_000.5, self.values[asked]]}
            return JSONResponse({"status": "success", "data": {"resultType": "vector", "result": [row]}})

        async def range_(request: Request) -> Response:
            start = dt.datetime.fromisoformat(request.query_params["start"]).timestamp()
            end = dt.datetime.fromisoformat(request.query_params["end"]).timestamp()
            step = float(request.query_params["step"])
            count = int((end - start) / step) + 1
            values = [[start + n * step, "NaN" if n == 0 else str(n)] for n in range(count)]
            rows = [{"metric": {"job": "shop"}, "values": values}]
            return JSONResponse({"status": "success", "data": {"resultType": "matrix", "result": rows}})

        async def alerts(_: Request) -> Response:
            found = [
                {**one, "state": "firing", "activeAt": "2026-09-21T13:30:00Z", "value": "1"} for one in self.alerts
            ]
            return JSONResponse({"status": "success", "data": {"alerts": found}})

        return Starlette(
            routes=[
                Route("/api/v1/query", query),
                Route("/api/v1/query_range", range_),
                Route("/api/v1/alerts", alerts),
            ]
        )

    def alertmanager(self) -> Starlette:
        async def silences(request: Request) -> Response:
            if request.method == "GET":
                return JSONResponse(list(self.silences.values()))
            body = await request.json()
            self.posted += 1
            made = {**body, "id": f"s-{self.posted}", "status": {"state": "active"}, "updatedAt": body["startsAt"]}
            self.silences[made["id"]] = made
            return JSONResponse({"silenceID": made["id"]})

        async def end(request: Request) -> Response:
            found = self.silences.get(request.path_params["id"])
            if found is None:
                return JSONResponse({"message": "silence not found"}, status_code=404)
            found["status"] = {"state": "expired"}
            return Response(status_code=200)

        async def alerts(request: Request) -> Response:
            wanted = dict(re.fullmatch(r'(\w+)="(.*)"', one).groups() for one in request.query_params.getlist("filter"))  # type: ignore[union-attr,misc]
            return JSONResponse([one for one in self.alerts if wanted.items() <= one["labels"].items()])

        return Starlette(
            routes=[
                Route("/api/v2/silences", silences, methods=["GET", "POST"]),
                Route("/api/v2/silence/{id}", end, methods=["DELETE"]),
                Route("/api/v2/alerts", alerts),
            ]
        )

    def loki(self) -> Starlette:
        async def query(request: Request) -> Response:
            logql = request.query_params["query"]
            self.asked.append(logql)
            # One selector and quoted line filters, or it is refused: an argument that became LogQL would show here.
            quoted = r'"((?:[^"\\]|\\.)*)"'
            parsed = re.fullmatch(rf"\{{(\w+)={quoted}\}}((?: \|= {quoted})*)", logql)
            if parsed is None:
                return JSONResponse({"message": "parse error"}, status_code=400)
            words = re.findall(quoted, parsed[3])
            found = [
                (at, text) for at, service, text in self.lines if service == parsed[2] and all(w in text for w in words)
            ]
            stream = {"stream": {"service": parsed[2]}, "values": [[at, text] for at, text in found]}
            return JSONResponse({"status": "success", "data": {"resultType": "streams", "result": [stream]}})

        return Starlette(routes=[Route("/loki/api/v1/query_range", query)])

    def traces(self, kind: str) -> Starlette:
        async def lookup(request: Request) -> Response:
            if request.path_params["id"] != TRACE:
                return JSONResponse({"message": "trace not found"}, status_code=404)
            return JSONResponse(JAEGER if kind == "jaeger" else OTLP)

        return Starlette(routes=[Route("/api/traces/{id}", lookup)])


JAEGER = {
    "data": [
        {
            "traceID": TRACE,
            "spans": [
                {
                    "spanID": "b",
                    "operationName": "charge",
                    "processID": "p2",
                    "startTime": 1_790_000_000_020_000,
                    "duration": 80_000,
                    "tags": [
                        {"key": "error", "type": "bool", "value": True},
                        {"key": "http.status_code", "type": "int64", "value": 502},
                    ],
                },
                {
                    "spanID": "a",
                    "operationName": "POST /orders",
                    "processID": "p1",
                    "startTime": 1_790_000_000_000_000,
                    "duration": 120_000,
                    "tags": [],
                },
            ],
            "processes": {"p1": {"serviceName": "checkout"}, "p2": {"serviceName": "payments"}},
        }
    ]
}
OTLP = {
    "batches": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeSpans": [{"spans": [span]}],
        }
        for service, span in (
            (
                "checkout",
                {
                    "name": "POST /orders",
                    "startTimeUnixNano": "1790000000000000000",
                    "endTimeUnixNano": "1790000000120000000",
                },
            ),
            (
                "payments",
                {
                    "name": "charge",
                    "startTimeUnixNano": "1790000000020000000",
                    "endTimeUnixNano": "1790000000100000000",
                    "status": {"code": "STATUS_CODE_ERROR", "message": "502"},
                },
            ),
        )
    ]
}
