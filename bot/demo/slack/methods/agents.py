"""agents.sessions.* and assistant.threads.*: what an agent says about its work."""

from bot.demo.slack.arguments import Args
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import STATUS_LIFE, Office, Session
from bot.demo.slack.wire import Json, Refused

STATUSES = ("processing", "active", "suspended", "closed")
TITLE, MOST_PROMPTS = 200, 4


def check_status(status: str) -> None:
    """Raises: Refused `invalid_arguments` for a word Slack does not know."""
    if status not in STATUSES:
        raise Refused("invalid_arguments", f"[ERROR] status must be one of {', '.join(STATUSES)}")


def set_status(office: Office, channel: str, thread_ts: str, status: str, title: str | None = None) -> Session:
    """The session of a thread, now in this status; a title counts only when the session is new."""
    session = office.sessions.get((channel, thread_ts))
    if session is None:
        session = office.sessions[channel, thread_ts] = Session(title=title or "")
    session.status = status
    office.publish_status(channel, thread_ts)
    return session


def _set_status(office: Office, args: Args) -> Json:
    channel = office.writable(args.need("channel_id"))
    status, thread_ts = args.need("status"), args.need("thread_ts")
    check_status(status)
    title = _title(args, required=False)
    office.root(channel, thread_ts)
    session = set_status(office, channel.id, thread_ts, status, title)
    answer: Json = {"ok": True, "status": session.status, "agent_status": session.status, "title": session.title}
    if "agent_session_stopped" not in office.app.events:
        answer["warning"] = "missing_agent_session_stopped_event_subscription"
    return answer


def _rename(office: Office, args: Args) -> Json:
    channel = office.writable(args.need("channel_id"))
    thread_ts, title = args.need("thread_ts"), _title(args, required=True)
    session = office.sessions.get((channel.id, thread_ts))
    if session is None:
        raise Refused("session_not_found")
    session.title = title or ""
    office.publish_status(channel.id, thread_ts)
    return {"ok": True, "title": session.title}


def _title(args: Args, *, required: bool) -> str | None:
    title = args.need("title") if required else args.text("title")
    if title and len(title) > TITLE:
        raise Refused("invalid_arguments", f"[ERROR] title must be less than {TITLE + 1} characters")
    return title


def _thread_status(office: Office, args: Args) -> Json:
    channel, thread_ts = office.writable(args.need("channel_id")), args.need("thread_ts")
    if "status" not in args.raw:
        raise Refused("invalid_arguments", "[ERROR] missing required field: status")
    office.root(channel, thread_ts)
    session = office.sessions.setdefault((channel.id, thread_ts), Session())
    session.note = args.text("status") or ""
    session.note_until = office.clock.now() + STATUS_LIFE
    office.publish_status(channel.id, thread_ts)
    return {"ok": True}


def _thread_title(office: Office, args: Args) -> Json:
    channel, thread_ts = office.writable(args.need("channel_id")), args.need("thread_ts")
    office.root(channel, thread_ts)
    session = office.sessions.setdefault((channel.id, thread_ts), Session())
    session.title = args.need("title")
    office.publish_status(channel.id, thread_ts)
    return {"ok": True}


def _suggested_prompts(office: Office, args: Args) -> Json:
    channel = office.writable(args.need("channel_id"))
    prompts = args.listing("prompts")
    if not prompts or len(prompts) > MOST_PROMPTS:
        raise Refused("invalid_arguments", f"[ERROR] prompts must hold 1 to {MOST_PROMPTS} items")
    kept: list[Json] = []
    for prompt in prompts:
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise Refused("invalid_arguments", "[ERROR] a prompt needs title and message")
        kept.append({"title": prompt["title"], "message": prompt["message"]})
    if args.text("thread_ts") is None:  # with a thread_ts an agent app is told ok, and nothing is shown
        office.prompts[channel.id] = kept
        office.changes.publish({"type": "prompts", "channel": channel.id, "prompts": kept})
    return {"ok": True}


METHODS = {
    "agents.sessions.setStatus": Method(run=_set_status, scope="chat:write"),
    "agents.sessions.rename": Method(run=_rename, scope="chat:write"),
    "assistant.threads.setStatus": Method(run=_thread_status, scope="assistant:write"),
    "assistant.threads.setTitle": Method(run=_thread_title, scope="assistant:write"),
    "assistant.threads.setSuggestedPrompts": Method(run=_suggested_prompts, scope="assistant:write"),
}
