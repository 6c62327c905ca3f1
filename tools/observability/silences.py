"""Alertmanager: silences of one alert, made and ended. Its HTTP API, version 2."""

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tools.contract import Change, Counted, Held, Impact, InverseCall, JsonObject, ToolContext, ToolFailed, Verified
from tools.manifest import DryRun
from tools.observability.answers import SECONDS, ask
from tools.sources.http_client import HttpRequest, HttpService
from tools.sources.python_toolbox import Toolbox

OURS = "ops-autopilot"
LONGEST_HOURS = 24
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=200)]


class _Theirs(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Matcher(_Theirs):
    name: str
    value: str
    isRegex: bool = False
    isEqual: bool = True


class _Status(_Theirs):
    state: str


class _Silence(_Theirs):
    id: str
    status: _Status
    matchers: tuple[_Matcher, ...]
    startsAt: str
    endsAt: str
    createdBy: str = ""
    comment: str = ""


class _Labelled(_Theirs):
    labels: dict[str, str]


class SilenceOut(BaseModel):
    id: str
    matches: str
    until: str
    by: str
    comment: str


class Silences(BaseModel):
    silences: list[SilenceOut]


_silences = TypeAdapter(list[_Silence])
_alerts = TypeAdapter(list[_Labelled])


def register(box: Toolbox, service: HttpService) -> None:
    """Add the tools."""
    _looking(box, service)
    _silencing(box, service)
    _ending(box, service)


def _looking(box: Toolbox, service: HttpService) -> None:
    @box.read(
        name="alertmanager.silences",
        title="'Listed silences'",
        target={"kind": "service", "id": "'alertmanager'"},
        idempotent=True,
        examples=[{"input": {}}],
        rate_per_hour=600,
    )
    async def silences() -> Silences:
        """Which alerts are silenced now, until when and by whom."""
        return Silences(
            silences=[
                SilenceOut(
                    id=one.id,
                    matches=", ".join(f"{m.name}{'=' if m.isEqual else '!='}{m.value}" for m in one.matchers),
                    until=one.endsAt,
                    by=one.createdBy,
                    comment=one.comment[:200],
                )
                for one in await _active(service)
            ]
        )

    @silences.finding
    def of_silences(found: Silences) -> str:
        return f"{len(found.silences)} silences" + (f", first: {found.silences[0].matches}" if found.silences else "")


def _silencing(box: Toolbox, service: HttpService) -> None:
    @box.write(
        name="alertmanager.silence",
        tier="reversible",
        idempotent=True,
        title="'Silenced ' + args.alert",
        says=(
            "'Silence alert ' + code(args.alert) + (args.label == '' ? '' : ' where ' + "
            "code(args.label + '=' + args.value)) + ' until ' + code(args.until) + ' in ' + env"
        ),
        verb="silence",
        target={"kind": "alert", "id": "args.alert + (args.label == '' ? '' : '/' + args.label + '=' + args.value)"},
        side_effects=["nobody is paged for this alert until then"],
        dry_run="analysed",
        failure_modes=["a silence wider than the problem hides the next one"],
        watch_seconds=5,
    )
    async def silence(
        alert: Name, until: Text, comment: Name, context: ToolContext, label: Text = "", value: Text = ""
    ) -> JsonObject:
        """Silence one alert until a time (ISO 8601, 24 h at most), for one value of a label or for all. Say why."""
        end = _end(until)
        key = f"[{context.idempotency_key}]"
        matching = _matching(await _active(service), alert, label, value)
        known = next((one for one in matching if key in one.comment), None)
        if known is not None:  # an earlier attempt of the same call made it
            return {"silence_id": known.id, "until": known.endsAt}
        body: JsonObject = {
            "matchers": [
                {"name": name, "value": wanted, "isRegex": False, "isEqual": True}
                for name, wanted in _wanted(alert, label, value).items()
            ],
            "startsAt": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "endsAt": end.isoformat(timespec="seconds"),
            "createdBy": OURS,
            "comment": f"{comment} {key}",
        }
        request = HttpRequest(method="POST", path="/api/v2/silences", body=body, may_change=True)
        answer = await service.send(request, timeout=SECONDS)
        made = answer.get("silenceID") if isinstance(answer, dict) else None
        if not isinstance(made, str):
            raise ToolFailed("alertmanager named no silence; look at it", effect_possible=True, reason="bad_response")
        return {"silence_id": made, "until": until}

    @silence.preview
    async def look(alert: str, until: str, label: str, value: str) -> Impact:
        _end(until)
        there = _ours(_matching(await _active(service), alert, label, value))
        hit = await _firing(service, _wanted(alert, label, value))
        return Impact(
            grade=DryRun.ANALYSED,
            before={"silences": [one.id for one in there]},
            changes=(
                Change(label=f"alert {alert}", before="silenced" if there else "pages", after=f"silent until {until}"),
            ),
            counted=(Counted(count=hit, unit="alerts firing now"),),
        )

    @silence.undo
    def back(alert: str, label: str, value: str, before: JsonObject) -> InverseCall:
        kept = before["silences"]
        arguments: JsonObject = {"alert": alert, "label": label, "value": value, "keep": kept}
        return InverseCall(tool="alertmanager.unsilence", arguments=arguments)

    @silence.verify
    async def holds(alert: str, label: str, value: str) -> Verified:
        there = _ours(_matching(await _active(service), alert, label, value))
        says = f"{alert!r} is silent until {there[-1].endsAt}" if there else f"{alert!r} is not silenced"
        return Verified(held=Held.YES if there else Held.NO, says=says)


def _ending(box: Toolbox, service: HttpService) -> None:
    @box.write(
        name="alertmanager.unsilence",
        tier="reversible",
        idempotent=True,
        title="'Ended the silence of ' + args.alert",
        says="'End the silence of alert ' + code(args.alert) + ' in ' + env",
        verb="end silence",
        target={"kind": "alert", "id": "args.alert + (args.label == '' ? '' : '/' + args.label + '=' + args.value)"},
        side_effects=["people are paged again"],
        dry_run="analysed",
    )
    async def unsilence(alert: Name, label: Text = "", value: Text = "", keep: list[str] = []) -> JsonObject:  # noqa: B006
        """End the silences this bot made for one alert. Silences that people made stay."""
        ended = []
        for one in _ours(_matching(await _active(service), alert, label, value)):
            if one.id not in keep:
                request = HttpRequest(method="DELETE", path=f"/api/v2/silence/{one.id}", may_change=True)
                await service.text(request, timeout=SECONDS)
                ended.append(one.id)
        return {"ended": [*ended]}

    @unsilence.preview
    async def look(alert: str, label: str, value: str, keep: list[str]) -> Impact:
        there = [one for one in _ours(_matching(await _active(service), alert, label, value)) if one.id not in keep]
        last = max((one.endsAt for one in there), default="")
        return Impact(
            grade=DryRun.PREVIEWED,
            before={"silences": [one.id for one in there], "until": last},
            changes=(
                Change(label=f"alert {alert}", before=f"silent until {last}" if there else "pages", after="pages"),
            ),
        )

    @unsilence.undo
    def back(alert: str, label: str, value: str, before: JsonObject) -> InverseCall | None:
        if not before["silences"]:
            return None
        arguments: JsonObject = {"alert": alert, "label": label, "value": value, "until": before["until"]}
        return InverseCall(tool="alertmanager.silence", arguments={**arguments, "comment": "silenced again"})

    @unsilence.verify
    async def ended(alert: str, label: str, value: str, keep: list[str]) -> Verified:
        left = [one for one in _ours(_matching(await _active(service), alert, label, value)) if one.id not in keep]
        return Verified(
            held=Held.NO if left else Held.YES, says=f"{len(left)} of the bot's silences of {alert!r} are left"
        )


async def _active(service: HttpService) -> list[_Silence]:
    answer = await ask(service, "/api/v2/silences")
    try:
        found = _silences.validate_python(answer)
    except ValidationError:
        raise ToolFailed(
            "alertmanager answered no list of silences; is the url right?", effect_possible=False
        ) from None
    return [one for one in found if one.status.state in {"active", "pending"}]


async def _firing(service: HttpService, wanted: dict[str, str]) -> int:
    answer = await ask(service, "/api/v2/alerts", tuple(("filter", f'{n}="{_quoted(v)}"') for n, v in wanted.items()))
    try:
        return len(_alerts.validate_python(answer))
    except ValidationError:
        raise ToolFailed("alertmanager answered no list of alerts; is the url right?", effect_possible=False) from None


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _wanted(alert: str, label: str, value: str) -> dict[str, str]:
    return {"alertname": alert, **({label: value} if label else {})}


def _matching(silences: list[_Silence], alert: str, label: str, value: str) -> list[_Silence]:
    """Silences with exactly these matchers."""
    wanted = _wanted(alert, label, value)
    plain = [one for one in silences if all(m.isEqual and not m.isRegex for m in one.matchers)]
    return [one for one in plain if {m.name: m.value for m in one.matchers} == wanted]


def _ours(silences: list[_Silence]) -> list[_Silence]:
    return [one for one in silences if one.createdBy == OURS]


def _end(until: str) -> dt.datetime:
    try:
        end = dt.datetime.fromisoformat(until)
    except ValueError:
        raise ToolFailed(
            f"until {until!r} is no ISO 8601 time; write 2026-09-21T13:33:20Z", effect_possible=False
        ) from None
    end = end if end.tzinfo else end.replace(tzinfo=dt.UTC)
    now = dt.datetime.now(dt.UTC)
    if not now < end <= now + dt.timedelta(hours=LONGEST_HOURS):
        says = f"until {until!r} must be within the next {LONGEST_HOURS} h; it is {now:%Y-%m-%dT%H:%M:%SZ}"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return end
