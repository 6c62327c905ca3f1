"""The console's port: free, or already answered by an autopilot."""

import socket

import httpx

from bot.commands.checks.finding import Finding, broken, ok
from bot.settings import Settings


async def check_console(config: Settings) -> Finding:
    port = config.console_port
    if _is_free(port):
        return ok("console", f"port {port} is free")
    async with httpx.AsyncClient(timeout=3) as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/healthz")
            ours = answer.json() == {"ok": True}
        except (httpx.HTTPError, ValueError):
            ours = False
    if ours:
        return ok("console", f"an autopilot already answers on port {port}")
    return broken("console", f"port {port} is in use", "stop what listens there, or set AUTOPILOT_CONSOLE_PORT")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
