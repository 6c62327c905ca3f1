"""What is wrong with a source of tools; found at start-up, never while a tool runs."""

from tools.errors import ToolError


class SourceError(ToolError):
    """A manifest or the document behind it cannot be used. Says the file, the place in it, and the next step."""

    def __init__(self, file: str, place: str, message: str) -> None:
        super().__init__(f"{file}: {place}: {message}")
        self.file = file
        self.place = place
        self.message = message
