"""How fast secrets are masked, and how far behind its writer a redacted stream is."""

import time
from pathlib import Path

from bot.commands.bench.numbers import Measured, Number, p50, p99
from policy.redaction import Redactor
from policy.redaction_corpus import corpus

SEED = 1
WORD = "rollout of checkout-api finished on 3 of 3 pods; the rate of failed checkouts is 0.2 % again "
PIECE = 5
"""characters of one token"""


async def measure(home: Path, *, quick: bool) -> Measured:
    redactor = Redactor.default()
    documents = [document.text for document in corpus(SEED, 1000 if quick else 4000)]
    planted, calm = "\n".join(documents), WORD * (1000 if quick else 10_000)
    redactor.text(planted[:10_000])  # what is imported with the first phone number is not what one costs
    lags, costs = _stream(redactor, WORD * (5 if quick else 50))
    return Measured(
        benchmark="redaction",
        how=f"{len(planted) / 1e6:.1f} MB of documents with planted secrets (seed {SEED}), {len(calm) / 1e6:.1f} MB "
        f"without any; a stream in pieces of {PIECE} characters; processor time of one core",
        numbers=(
            Number(name="text full of secrets", value=_speed(redactor, planted), unit="MB/s", target=2, at_least=True),
            Number(name="text without any", value=_speed(redactor, calm), unit="MB/s", target=2, at_least=True),
            Number(name="a stream is behind its writer, p50", value=p50(lags), unit="chars", target=100),
            Number(name="a stream is behind its writer, p99", value=p99(lags), unit="chars", target=150),
            Number(name="one token of a stream, p50", value=p50(costs), unit="ms"),
            Number(name="one token of a stream, p99", value=p99(costs), unit="ms", target=1),
        ),
        notes=("recall and precision on the same documents: autopilot policy redaction",),
    )


def _speed(redactor: Redactor, text: str) -> float:
    began = time.process_time()
    redactor.text(text)
    return len(text.encode()) / 1e6 / (time.process_time() - began)


def _stream(redactor: Redactor, text: str) -> tuple[list[float], list[float]]:
    """After each piece: how many characters are held back, and what the piece cost in milliseconds."""
    stream, shown = redactor.stream(), 0
    lags: list[float] = []
    costs: list[float] = []
    for at in range(0, len(text), PIECE):
        began = time.process_time()
        shown += len(stream.feed(text[at : at + PIECE]))
        costs.append((time.process_time() - began) * 1e3)
        lags.append(float(at + PIECE - shown))
    return lags, costs
