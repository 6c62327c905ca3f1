"""The words of the slash command, and the same words after a mention: status, tasks, approvals, digest, stop, help."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.orchestrator.core import Orchestrator
from bot.orchestrator.requests import Request
from bot.orchestrator.show import Showroom
from bot.orchestrator.views import HomeView, TaskLine
from bot.schedules.scheduler import DAY, want_digest
from bot.slack import inbound
from bot.slack.cards.blocks import Card
from bot.slack.cards.escaping import plain
from bot.slack.cards.notice import notice
from bot.slack.cards.tasks import Word, approval_list, help_card, status_card, task_list
from bot.slack.inbound import Command
from bot.slack.replies import Replies
from policy.types import Allow
from storage import audit, inbox, proposals, tasks
from storage.db import Database
from storage.records import Source, Task
from tools.sealing import open_seal

_MENTION = re.compile(r"^\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>[\s:,]*")


@dataclass(frozen=True, kw_only=True)
class Words:
    """Carries out the words. Reading needs no right; what changes something goes through the orchestrator."""

    db: Database
    orchestrator: Orchestrator
    showroom: Showroom
    replies: Replies
    brain: str
    data_policy: str
    ops_channel: str

    def after_mention(self, request: Request) -> Command | None:
        """The command in a message that holds nothing else, or None when it asks for work."""
        text = _MENTION.sub("", request.text).strip()
        word, _, rest = text.partition(" ")
        if word.lower().strip("!.?") not in set(Word) - {Word.ASK} or rest.strip():
            return None
        return Command(
            tenant=request.tenant,
            channel=request.channel,
            thread_ts=request.thread_ts,
            who=request.requester,
            word=word.lower().strip("!.?"),
            rest="",
            key=request.keys[-1],
        )

    async def carry_out(self, command: Command) -> None:
        """Do what the word says; an answer is whispered to whoever asked."""
        async with self.db.write() as tx:
            if not await inbox.first_time(tx, command.tenant, command.key, "command"):
                return
        if command.word == Word.ASK and command.rest:
            await self._ask(command)
            return
        if command.word == Word.DIGEST:
            await self._digest(command)
            return
        card = await self._card(command)
        self.replies.later(self.replies.whisper(command.channel, command.who, card, thread_ts=command.thread_ts))

    async def _card(self, command: Command) -> Card:
        match command.word:
            case Word.STATUS:
                return status_card(await self.home(command.tenant, command.who))
            case Word.TASKS:
                return task_list((await self.home(command.tenant, command.who)).open_tasks)
            case Word.APPROVALS:
                return approval_list((await self.home(command.tenant, command.who)).waiting_for_me)
            case Word.STOP:
                return await self._stop(command)
            case Word.HELP:
                return help_card("/autopilot")
            case Word.ASK:
                return notice("Say what I should look into, like: /autopilot ask why is checkout failing?")
            case _:
                return help_card("/autopilot", unknown=command.word)

    async def _ask(self, command: Command) -> None:
        """A request from a command has no message of its own: one is posted, and its thread is the task's."""
        answer = await self.replies.client.chat_postMessage(
            channel=command.channel,
            text=f"<@{command.who}> asks: {plain(command.rest)}"[:3000],
            unfurl_links=False,
            unfurl_media=False,
        )
        ts = str(answer["ts"])
        await self.orchestrator.submit(
            Request(
                tenant=command.tenant,
                source=Source.COMMAND,
                channel=command.channel,
                thread_ts=ts,
                request_ts=ts,
                requester=command.who,
                requester_team=command.tenant,
                text=command.rest,
                keys=(f"ask:{command.key}",),
            )
        )

    async def _digest(self, command: Command) -> None:
        async with self.db.write() as tx:
            now = await tx.time()
            channel = self.ops_channel or command.channel
            await want_digest(tx, command.tenant, channel, subject=command.key, since=now - DAY, until=now)
        self.replies.later(
            self.replies.whisper(command.channel, command.who, notice(f"The digest is being posted to <#{channel}>."))
        )

    async def _stop(self, command: Command) -> Card:
        if command.thread_ts:
            done = await self.orchestrator.stop_thread(command.tenant, command.channel, command.thread_ts, command.who)
        else:
            async with self.db.read() as tx:
                open_here = [
                    t for t in await tasks.recent(tx, command.tenant, only_open=True) if t.channel == command.channel
                ]
            done = bool(open_here) and await self.orchestrator.stop(command.tenant, open_here[0].id, command.who)
        return notice("Stopping." if done else "Nothing is running here.")

    async def feedback(self, body: Mapping[str, Any]) -> None:
        """Keep what a person said of an answer, on the record."""
        found = inbound.feedback(body)
        if found is None:
            return
        async with self.db.write() as tx:
            if await inbox.first_time(tx, found.tenant, found.key, "feedback"):
                await audit.append(
                    tx,
                    found.tenant,
                    "ops.feedback.given",
                    correlation_id=found.correlation_id,
                    body={"who": found.who, "feedback": found.feedback},
                )
        thanks = notice("Noted, thank you.")
        self.replies.later(self.replies.whisper(found.channel, found.who, thanks, thread_ts=found.thread_ts))

    async def home(self, tenant: str, user: str) -> HomeView:
        """What one person sees: their approvals, the open tasks, the newest actions."""
        async with self.db.read() as tx:
            open_tasks = await tasks.recent(tx, tenant, only_open=True)
            waiting = await proposals.open_ones(tx, tenant)
        actor = await self.orchestrator.people.actor(tenant, user)
        mine = []
        for proposal in waiting:
            sealed = open_seal(proposal)
            judge = self.orchestrator.gateway.judge_of(sealed)
            if actor is not None and any(
                isinstance(
                    judge.may_vote(
                        actor,
                        requester=sealed.requester,
                        group=o.group,
                        tenant=tenant,
                        allow_requester=o.allow_requester,
                    ),
                    Allow,
                )
                for o in sealed.policy_obligations()
            ):
                mine.append(await self.showroom.approval(tenant, proposal.id))
        return HomeView(
            connected=True,
            brain=self.brain,
            data_policy=self.data_policy,
            waiting_for_me=tuple(mine),
            open_tasks=tuple(map(_line, open_tasks)),
            recent=await self.showroom.recent(tenant),
        )


def _line(task: Task) -> TaskLine:
    return TaskLine(title=task.title, state=task.state, requester=task.requester, at=task.created_at)
