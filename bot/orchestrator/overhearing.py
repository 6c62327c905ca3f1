"""What is answered without a mention: only in channels whose settings say so."""

from storage.channels import InForce, Mode


def answers(around: InForce, text: str, *, by_bot: bool) -> bool:
    """Whether this message, which did not speak to us, is taken as a request."""
    match around.mode:
        case Mode.MENTIONS:
            return False
        case Mode.BOTS:
            wanted = by_bot
        case Mode.EVERY:
            wanted = True
    words = [word.strip().casefold() for word in around.words.split(",") if word.strip()]
    return around.enabled and wanted and (not words or any(word in text.casefold() for word in words))
