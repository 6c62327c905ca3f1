"""What people do in Slack, as methods: the page calls them over HTTP, tests call them directly."""

from collections.abc import Mapping

from bot.demo.slack import elements_in, interactions, mentions, posting, responding, view_rules
from bot.demo.slack.delivery import Delivery
from bot.demo.slack.methods import reactions, views
from bot.demo.slack.methods.files import attach
from bot.demo.slack.office import Office
from bot.demo.slack.triggers import ResponsePlace
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Channel

SILENT: Json = {"ok": False, "error": "app_did_not_respond"}


class Ui:
    def __init__(self, office: Office, delivery: Delivery) -> None:
        self._office = office
        self._delivery = delivery

    # Looking

    def messages(self, channel: str, *, as_: str | None = None, thread_ts: str | None = None) -> list[Json]:
        """What one person sees: root messages, or one thread; ephemeral messages only when they are theirs."""
        office, found = self._office, self._channel(channel)
        kept = office.messages.thread(found.id, thread_ts) if thread_ts else office.messages.roots(found.id)
        shown = [office.page_message(found.id, message) for message in kept]
        if as_:
            mine = office.messages.ephemeral(found.id, as_)
            shown += [m for m in mine if m.get("thread_ts") == thread_ts]
        return sorted(shown, key=lambda message: float(message["ts"]))

    def open_view(self, as_: str) -> Json | None:
        """The modal on top of this person's screen, or None."""
        stack = self._office.view_stack.get(as_)
        return self._office.views[stack[-1]] if stack else None

    def home_view(self, as_: str) -> Json | None:
        return self._office.homes.get(as_)

    # Talking

    async def send(
        self,
        as_: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Json:
        """The message a person wrote, with files by name; `@autopilot` becomes a real mention."""
        office, found = self._office, self._writable(as_, channel)
        message: Json = {"user": as_, "text": mentions.encode(office.workspace, text)}
        if files:
            attached = [attach(office, name, content) for name, content in files.items()]
            message |= {"subtype": "file_share", "files": attached, "upload": False}
        elif not text.strip():
            raise Refused("no_text")
        if thread_ts:
            office.root(found, thread_ts)
            message["thread_ts"] = thread_ts
        return posting.post(office, found, message)

    async def post_as_app(
        self, channel: str, text: str = "", *, name: str = "alerts", attachments: list[Json] | None = None
    ) -> Json:
        """The message another app of the workspace posted, as an alerting integration does."""
        found = self._channel(channel)
        message: Json = {"subtype": "bot_message", "bot_id": "B0OTHER", "username": name, "text": text}
        return posting.post(self._office, found, message | ({"attachments": attachments} if attachments else {}))

    async def edit(self, as_: str, channel: str, ts: str, text: str) -> None:
        """Change one's own message."""
        found, message = self._own(as_, channel, ts, "cant_update_message")
        posting.change(self._office, found, message, by=as_, text=mentions.encode(self._office.workspace, text))

    async def delete(self, as_: str, channel: str, ts: str) -> None:
        found, message = self._own(as_, channel, ts, "cant_delete_message")
        posting.delete(self._office, found, message)

    async def react(self, as_: str, channel: str, ts: str, name: str, *, remove: bool = False) -> None:
        found = self._channel(channel)
        reactions.react(self._office, found, self._office.message(found, ts), as_, name, remove=remove)

    async def command(self, as_: str, channel: str, command: str, text: str = "") -> Json:
        """Run a slash command; what the app says with its ack is posted to the person."""
        office, found = self._office, self._channel(channel)
        if command not in {known.command for known in office.app.commands}:
            raise Refused("unknown_command")
        receipt = await self._delivery.ask("slash_commands", interactions.command(office, as_, found, command, text))
        if not receipt.acked:
            return SILENT
        if receipt.payload and any(receipt.payload.get(name) for name in ("text", "blocks", "attachments")):
            place = ResponsePlace(channel=found.id, user=as_, made_at=office.clock.now())
            responding.respond(office, place, receipt.payload)
        return {"ok": True}

    async def shortcut(self, as_: str, callback_id: str, channel: str, message_ts: str) -> Json:
        office, found = self._office, self._channel(channel)
        if callback_id not in {known.callback_id for known in office.app.shortcuts}:
            raise Refused("unknown_shortcut")
        message = office.message(found, message_ts)
        payload = interactions.shortcut(office, as_, callback_id, found, message)
        return self._result((await self._delivery.ask("interactive", payload)).acked)

    # Clicking

    async def click(self, as_: str, channel: str, ts: str, action_id: str, **chosen: object) -> Json:
        """Press the button (or use the menu, with `selected_option=…`) of this action_id in a message."""
        block_id, element = elements_in.find(self._any_message(channel, ts, as_)["blocks"], action_id)
        action = elements_in.action_of(element) | chosen
        return await self.action(as_, action, block_id, channel=channel, message_ts=ts)

    async def click_in_view(self, as_: str, action_id: str, **chosen: object) -> Json:
        """The same in the person's open modal, else in their Home."""
        view = self.open_view(as_) or self.home_view(as_)
        if view is None:
            raise Refused("not_found")
        block_id, element = elements_in.find(view["blocks"], action_id)
        return await self.action(as_, elements_in.action_of(element) | chosen, block_id, view_id=view["id"])

    async def action(
        self,
        as_: str,
        action: Json,
        block_id: str,
        *,
        channel: str | None = None,
        message_ts: str | None = None,
        view_id: str | None = None,
        state: Json | None = None,
    ) -> Json:
        """Send what an element did, as the client built it; it must exist where it says it is."""
        office = self._office
        state = state or {"values": {}}
        if view_id:
            home = office.homes.get(as_)
            view = home if home and home["id"] == view_id else office.views.get(view_id)
            if view is None:
                raise Refused("not_found")
            elements_in.find(view["blocks"], action["action_id"])
            full = view_rules.state_of(view, state.get("values", {}))
            payload = interactions.action_in_view(office, as_, view, action=action, block_id=block_id, state=full)
        else:
            found, message = self._channel(channel), self._any_message(channel, message_ts or "", as_)
            elements_in.find(message["blocks"], action["action_id"])
            payload = interactions.action_in_message(
                office, as_, found, message, action=action, block_id=block_id, state=state
            )
        return self._result((await self._delivery.ask("interactive", payload)).acked)

    async def submit_view(
        self, as_: str, view_id: str | None = None, values: Mapping[str, object] | None = None
    ) -> Json:
        """Press Submit. `values`: block_id to text, or to Slack's {action_id: {…}}; the rest keeps its initial value.

        The answer is {ok}, {ok: False, errors}, or {ok, view} when the app put another view there.
        """
        view = self._view(as_, view_id)
        state = view_rules.state_of(view, elements_in.values_of(view, values or {}))
        if empty := view_rules.missing(view, state):
            return {"ok": False, "errors": empty}
        receipt = await self._delivery.ask("interactive", interactions.submission(self._office, as_, view, state))
        if not receipt.acked:
            return SILENT
        return self._after_submit(as_, view, receipt.payload or {})

    async def close_view(self, as_: str, view_id: str | None = None) -> Json:
        """Press Cancel; the app hears of it when the view asked for that."""
        view = self._view(as_, view_id)
        views.close(self._office, view["id"])
        if view["notify_on_close"]:
            return self._result(
                (await self._delivery.ask("interactive", interactions.closing(self._office, as_, view))).acked
            )
        return {"ok": True}

    # Agents

    async def home(self, as_: str, tab: str = "home") -> Json | None:
        """Open the app's Home or Messages tab; the view is what the app published so far."""
        office = self._office
        dm = office.workspace.dm(as_)
        event: Json = {"type": "app_home_opened", "user": as_, "channel": dm.id, "tab": tab}
        event["event_ts"] = office.messages.next_ts()
        if tab == "home" and as_ in office.homes:
            event["view"] = office.homes[as_]
        office.emit(event, "app_home_opened")
        return office.homes.get(as_)

    async def look_at(self, as_: str, channel: str) -> None:
        """Look at a channel while the app's panel is open."""
        office = self._office
        entity: Json = {"type": "slack#/types/channel_id", "value": channel, "team_id": office.workspace.team_id}
        event: Json = {"type": "app_context_changed", "user": as_, "channel": office.workspace.dm(as_).id}
        event |= {"context": {"entities": [entity]}, "event_ts": office.messages.next_ts()}
        office.emit(event, "app_context_changed")

    async def stop(self, as_: str, channel: str, thread_ts: str) -> list[str]:
        """Press Slack's own Stop: the thread's live streams end, and the app is told which.

        Raises: Refused `nothing_to_stop` when nothing streams and no session is processing.
        """
        office, found = self._office, self._channel(channel)
        stopped = office.streams.stop_by_user(channel=found.id, thread_ts=thread_ts, now=office.clock.now())
        session = office.sessions.get((found.id, thread_ts))
        if not stopped and (session is None or session.status != "processing"):
            raise Refused("nothing_to_stop")
        for stream in stopped:
            posting.show(office, found, office.message(found, stream.ts))
        event = {
            "type": "agent_session_stopped",
            "channel": found.id,
            "user": as_,
            "thread_ts": thread_ts,
            "streaming_message_ts": [stream.ts for stream in stopped],
            "event_ts": office.messages.next_ts(),
        }
        office.emit(event, "agent_session_stopped")
        return [stream.ts for stream in stopped]

    # Below

    def _after_submit(self, as_: str, view: Json, answer: Json) -> Json:
        office = self._office
        match answer.get("response_action"):
            case "errors":
                known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
                errors = answer.get("errors") or {}
                if (
                    not errors or not set(errors) <= known
                ):  # Slack shows "trouble connecting" for errors it cannot place
                    return {"ok": False, "error": "invalid_response_errors"}
                return {"ok": False, "errors": errors}
            case "update":
                return {"ok": True, "view": views.replace(office, view, answer.get("view"))}
            case "push":
                return {"ok": True, "view": views.open_for(office, as_, answer.get("view"), push=True)}
            case "clear":
                views.close_all(office, as_)
            case None:
                if view["id"] in office.views:
                    views.close(office, view["id"])
            case other:
                return {"ok": False, "error": f"unknown response_action {other!r}"}
        return {"ok": True}

    def _result(self, acked: bool) -> Json:
        return {"ok": True} if acked else SILENT

    def _view(self, as_: str, view_id: str | None) -> Json:
        view = self._office.views.get(view_id) if view_id else self.open_view(as_)
        if view is None or views.owner(self._office, view["id"]) != as_:
            raise Refused("not_found")
        return view

    def _channel(self, name: str | None) -> Channel:
        channel = self._office.workspace.channel(name or "")
        if channel is None:
            raise Refused("channel_not_found")
        return channel

    def _writable(self, as_: str, name: str) -> Channel:
        channel = self._channel(name)
        self._office.person(as_)
        if channel.is_archived:
            raise Refused("is_archived")
        if as_ not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _own(self, as_: str, channel: str, ts: str, error: str) -> tuple[Channel, Json]:
        found = self._channel(channel)
        message = self._office.message(found, ts)
        if message.get("user") != as_:
            raise Refused(error)
        return found, message

    def _any_message(self, channel: str | None, ts: str, as_: str) -> Json:
        found = self._channel(channel)
        hidden = self._office.messages.find_ephemeral(found.id, ts)
        if hidden and hidden["ephemeral_for"] == as_:
            return {"blocks": [], **hidden}
        return {"blocks": [], **self._office.message(found, ts)}
