"""An HTTP server protocol whose connections can be cut in the middle of a call, as a failing network does."""

import asyncio
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connections:
    """The open transports, by the address of the client."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """The class uvicorn should use, tied to this register."""
        register = self._open

        class Droppable(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client:
                    register[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if self.client:
                    register.pop(self.client, None)

        return Droppable

    async def drop(self, request: Request) -> None:
        """Cut the client off; nothing more reaches it."""
        client: Any = request.scope.get("client")
        transport = self._open.get(tuple(client)) if client else None
        if transport is None:
            return
        transport.abort()
        while (await request.receive())["type"] != "http.disconnect":
            pass
