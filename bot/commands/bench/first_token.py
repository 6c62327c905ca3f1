"""The model's first words written → the same words received by Slack."""

from functools import partial
from pathlib import Path

from bot.commands.bench.bot_process import running_bot
from bot.commands.bench.model_server import ModelServer, Said, settings_for
from bot.commands.bench.numbers import Measured, Number, p50, quantile
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.traffic import Entry

ANSWER = "The error rate of checkout went up right after the deploy, and only customers with the new cart see it. "
WORDS = [f"{word} " for word in ANSWER.split()]
TOKEN_PAUSE = 0.01


async def measure(home: Path, *, quick: bool) -> Measured:
    rounds = 3 if quick else 15
    at_once = await _delays(home, Said(pieces=(ANSWER * 2,), pause=0.3), rounds)
    streamed = await _delays(home.with_name("streamed"), Said(pieces=WORDS * 3, pause=TOKEN_PAUSE), rounds)
    return Measured(
        benchmark="first token",
        how=f"a local model streams through litellm; {rounds} tasks one after another; the bot is a process of its own",
        numbers=(
            Number(name="first token → words at Slack, 100 words/s, p50", value=p50(streamed), unit="ms", target=150),
            Number(name="first token → words at Slack, 100 words/s, worst", value=quantile(streamed, 1), unit="ms"),
            Number(name="the same when the model sends a sentence at once, p50", value=p50(at_once), unit="ms"),
        ),
        notes=("redaction holds back the last 64 characters, so a slower model is seen later by as much",),
    )


async def _delays(home: Path, said: Said, rounds: int) -> list[float]:
    model = ModelServer(lambda _messages: said)
    delays = []
    async with model.serve(), LocalSlack().serve() as slack, running_bot(slack, home, **settings_for(model)):
        await slack.wait_connected(2)
        for number in range(rounds + 1):
            since = slack.log.entries[-1].seq
            await slack.ui.send("U0ANA", "incidents", f"@autopilot question {number}")
            words = await slack.wait_for(partial(_first_words, slack, since), 60)
            assert words is not None  # wait_for waits until it is not
            delays.append((words.at - model.first_words_at[-1]) * 1e3)
            await slack.wait_for(partial(slack.log.find, name="chat.stopStream", since=since), 30)
    return delays[1:]  # the first one waits for litellm to be imported


def _first_words(slack: LocalSlack, since: int) -> Entry | None:
    for entry in slack.log.find(kind="api", since=since):
        if entry.name in ("chat.startStream", "chat.appendStream") and "markdown_text" in str(entry.body):
            return entry
    return None
