"""Local servers that speak the providers' streaming formats, so that the real client library runs in tests."""

from tests.brains.model_servers import anthropic_sse, openai_sse
from tests.brains.model_servers.server import Drop, Hold, ModelServer, Received, Reply, serving

__all__ = ["Drop", "Hold", "ModelServer", "Received", "Reply", "anthropic_sse", "openai_sse", "serving"]
