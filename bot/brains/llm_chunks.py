"""The border to litellm's untyped chunks: everything is read here, once, and nothing of it goes further."""

from typing import Any

from bot.brains.base import Usage
from bot.brains.llm_stream import CallPiece, Piece


def piece(chunk: Any) -> Piece:
    """One chunk of litellm, read at the border; anything absent is empty."""
    if not chunk.choices:
        return Piece()
    choice = chunk.choices[0]
    delta = choice.delta
    thinking = getattr(delta, "reasoning_content", None) or ""
    signature = redacted = ""
    for block in getattr(delta, "thinking_blocks", None) or ():
        if block.get("type") == "redacted_thinking":
            redacted += block.get("data") or ""
        else:
            signature += block.get("signature") or ""
            thinking = thinking or block.get("thinking") or ""
    return Piece(
        thinking=thinking,
        signature=signature,
        redacted=redacted,
        text=delta.content or "",
        calls=[
            CallPiece(
                index=call.index or 0,
                id=call.id or "",
                name=call.function.name or "",
                arguments=call.function.arguments or "",
            )
            for call in delta.tool_calls or ()
        ],
        finish_reason=choice.finish_reason or "",
    )


def usage(stream: Any) -> Usage | None:
    """What the provider counted; litellm's own guess at the end of the stream is not looked at."""
    told = [told_here for chunk in stream.chunks if (told_here := getattr(chunk, "usage", None)) is not None]
    if not told:
        return None
    return Usage(
        input_tokens=max(each.prompt_tokens or 0 for each in told),
        output_tokens=max(each.completion_tokens or 0 for each in told),
    )
