"""The words of the slash command, and the same words after a mention: status, tasks, approvals, digest, stop, help."""

import re
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from bot.orchestrator.core import Orchestrator
from bot.orchestrator.front import Front
from bot.orchestrator.halting import HaltPress
from bot.orchestrator.lowering import RaisePress
from bot.orchestrator.requests import Click, Request
from bot.schedules.scheduler import post_digest
from bot.schedules.windows import DAY
from bot.slack.cards.blocks import Card
from bot.slack.cards.escaping import plain
from bot.slack.cards.notice import notice
from bot.slack.cards.tasks import Word, approval_list, help_card, status_card, task_list
from bot.slack.inbound import Command
from bot.slack.listeners.consent import ConsentDesk
from bot.slack.listeners.grants import GrantsDesk
from bot.slack.listeners.schedules import SchedulePages
from bot.slack.listeners.settings import SettingsDesk
from bot.slack.replies import Replies, card_of
from bot.slack.shortcuts import AskedAbout
from bot.slack.spoken import spoken
from storage import inbox, tasks
from storage.db import Database
from storage.records import JsonObject, Source

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_SAFE_TWICE = {Word.STOP, Word.HAND, Word.CONSENT}
"""words that a message may hold and that change something, the same when done twice: none of them may be lost"""
CANNOT_WRITE = {
    "not_in_channel": "I am not in this channel. Invite me with /invite @autopilot, then ask again.",
    "channel_not_found": "I cannot see this channel. Invite me with /invite @autopilot, then ask again.",
    "is_archived": "This channel is archived, so I cannot answer in it. Ask me in another one.",
    "restricted_action": "This channel does not let apps post. Ask me in another one.",
    "missing_scope": "I lack a permission to write here. An admin can see which with 'autopilot doctor'.",
}
"""what Slack says when we may not post, in words for whoever asked"""


@dataclass(frozen=True, kw_only=True)
class Words:
    """Carries out the words. Reading needs no right; what changes something goes through the orchestrator."""

    db: Database
    orchestrator: Orchestrator
    front: Front
    replies: Replies
    schedules: SchedulePages
    ops_channel: str
    settings: SettingsDesk
    grants: GrantsDesk
    consents: ConsentDesk

    def after_mention(self, request: Request) -> Command | None:
        """The command that a message holds, or None when it asks for work."""
        found = spoken(request.text)
        if found is None:
            return None
        word, rest = found
        return Command(
            tenant=request.tenant,
            channel=request.channel,
            thread_ts=request.thread_ts,
            who=request.requester,
            word=word,
            rest=rest,
            key=request.keys[-1],
        )

    async def carry_out(self, command: Command) -> None:
        """Do what the word says; an answer is whispered to whoever asked."""
        if command.word in _SAFE_TWICE:
            await self._once_or_again(command)
        elif await self._first_time(command):
            await self._once(command)

    async def _once_or_again(self, command: Command) -> None:
        """Known only when it is done: a worker that dies in between leaves it to Slack's next delivery."""
        async with self.db.read() as tx:
            if await inbox.known(tx, command.tenant, command.key):
                return
        card = await self.consents.word(command) if command.word == Word.CONSENT else await self._card(command)
        if await self._first_time(command):
            self.replies.later(self.replies.respond(command, card))

    async def _first_time(self, command: Command) -> bool:
        async with self.db.write() as tx:
            return await inbox.first_time(tx, command.tenant, command.key, "command")

    async def _once(self, command: Command) -> None:
        if command.word == Word.ASK and command.rest:
            await self._ask(command)
            return
        if command.word == Word.DIGEST:
            await self._digest(command)
            return
        if command.word == Word.SCHEDULES:
            self.replies.later(self.schedules.show(command))
            return
        if command.word == Word.SETTINGS:
            await self.settings.show(command)
            return
        self.replies.later(self.replies.respond(command, await self._card(command)))

    async def _card(self, command: Command) -> Card:
        match command.word:
            case Word.STATUS:
                return status_card(await self.front.home(command.tenant, command.who))
            case Word.TASKS:
                return task_list(await self.front.open_tasks(command.tenant, command.who))
            case Word.APPROVALS:
                return approval_list(await self.front.approvals(command.tenant, command.who))
            case Word.STOP:
                return await self._stop(command)
            case Word.HALT | Word.LIFT | Word.RAISE:
                return await self._brake(command)
            case Word.HAND:
                return await self._hand(command)
            case Word.GRANT:
                return await self.grants.give(command)
            case Word.GRANTS:
                return await self.grants.listed(command)
            case Word.REVOKE:
                return await self.grants.revoke(command)
            case Word.HELP:
                return help_card("/autopilot")
            case Word.ASK:
                return notice("Say what I should look into, like: /autopilot ask why is checkout failing?")
            case _:
                return help_card("/autopilot", unknown=command.word)

    async def _ask(self, command: Command) -> None:
        """A request from a command has no message of its own: one is posted, and its thread is the task's."""
        ts = await self._post(command, f"<@{command.who}> asks: {plain(command.rest)}")
        if ts is None:
            return
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

    async def ask_about(self, asked: AskedAbout) -> None:
        """Look into somebody's message: it is quoted as data, and the answer comes in its thread."""
        async with self.db.write() as tx:
            if not await inbox.first_time(tx, asked.tenant, asked.key, "shortcut"):
                return
        command = Command(
            tenant=asked.tenant,
            channel=asked.channel,
            thread_ts=asked.thread_ts,
            who=asked.who,
            word=Word.ASK,
            rest="",
            key=asked.key,
            response_url=asked.response_url,
        )
        ts = await self._post(command, f"<@{asked.who}> asks about this message.")
        if ts is None:
            return
        title = " ".join(asked.text.split())[:150] or "a message without words"
        await self.orchestrator.submit(
            Request(
                tenant=asked.tenant,
                source=Source.COMMAND,
                channel=asked.channel,
                thread_ts=asked.thread_ts,
                request_ts=ts,
                requester=asked.who,
                requester_team=asked.tenant,
                text=f"What about this message: {title}",
                hearsay=asked.text or title,
                keys=(f"ask:{asked.key}",),
            )
        )

    async def _post(self, command: Command, text: str) -> str | None:
        """The ts of our message that a task hangs on; None where we may not write, which the asker is told."""
        try:
            answer = await self.replies.workspaces.client(command.tenant).chat_postMessage(
                channel=command.channel,
                thread_ts=command.thread_ts or None,
                text=text[:3000],
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            why = CANNOT_WRITE.get(str(error.response["error"]))
            if why is None:
                raise
            self.replies.later(self.replies.respond(command, notice(why)))
            return None
        return str(answer["ts"])

    async def _digest(self, command: Command) -> None:
        async with self.db.write() as tx:
            now = await tx.time()
            channel = self.ops_channel or command.channel
            body: JsonObject = {"since": now - DAY, "until": now}
            await post_digest(tx, command.tenant, channel, subject=command.key, body=body)
        self.replies.later(self.replies.respond(command, notice(f"The digest is being posted to <#{channel}>.")))

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

    async def _brake(self, command: Command) -> Card:
        if command.word == Word.RAISE:
            return await self._raise(command)
        press = HaltPress(tenant=command.tenant, who=command.who, reason=command.rest, channel=command.channel)
        done = await (self.orchestrator.halt if command.word == Word.HALT else self.orchestrator.lift)(press)
        return notice(done.message[:1].upper() + done.message[1:] + ".")

    async def _raise(self, command: Command) -> Card:
        tool, _, reason = command.rest.strip().partition(" ")
        press = RaisePress(
            tenant=command.tenant, who=command.who, tool=tool.strip("`"), reason=reason, channel=command.channel
        )
        done = await self.orchestrator.raise_again(press)
        return notice(done.message[:1].upper() + done.message[1:] + ".")

    async def _hand(self, command: Command) -> Card:
        found = _PERSON.fullmatch(command.rest.removeprefix("to").strip())
        if found is None or not command.thread_ts:
            return notice("In the thread of a card, mention me with: hand to @somebody")
        click = Click(tenant=command.tenant, proposal_id="", who=command.who, key=command.key, channel=command.channel)
        answer = await self.orchestrator.hand_in_thread(click, command.thread_ts, found[1])
        return card_of(answer) or notice(f"Handed to <@{found[1]}>.")
