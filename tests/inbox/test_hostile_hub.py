"""A hub that breaks its contract: nothing is sent twice, nothing is believed, the run is not clean."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.demo.hub.app import create_app
from bot.demo.hub.messages import Mailbox
from bot.inbox.errors import InboxError
from bot.inbox.hub import MOST_MESSAGES, Hub
from bot.inbox.plan import Action
from bot.inbox.report import Result
from bot.inbox.worker import MOST_NEW
from storage.db import Database
from tests.inbox.conftest import TOKEN, MakeWorker
from tests.inbox.test_rounds import FOREVER, done

HELLO = "Please confirm you got this."
Answer = Callable[[Request], Awaitable[Response]]


class Between:
    """Stands before the reference hub and answers some paths itself, after or instead of it."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.hub: ASGIApp = create_app(mailbox, token=TOKEN)
        self.instead: Callable[[str, str], Response | None] = lambda _method, _path: None
        self.lost: Callable[[str], bool] = lambda _path: False
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(f"{scope['method']} {scope['path']}")
        if (mine := self.instead(scope["method"], scope["path"])) is not None:
            await mine(scope, receive, send)
        elif self.lost(scope["path"]):
            await self.hub(scope, receive, _swallow)
            await PlainTextResponse("gateway timeout", status_code=504)(scope, receive, send)
        else:
            await self.hub(scope, receive, send)


async def _swallow(_message: Message) -> None:
    """The hub's answer gets lost on the way."""


def serving(answer: Answer) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


async def _html(_: Request) -> Response:
    return HTMLResponse("<h1>Sign in</h1>")


async def _broken(_: Request) -> Response:
    return JSONResponse({"error": "boom"}, status_code=500)


async def _elsewhere(_: Request) -> Response:
    return RedirectResponse("http://169.254.169.254/latest")


async def _hang(_: Request) -> Response:
    await asyncio.Event().wait()
    raise AssertionError


async def _deep(_: Request) -> Response:
    return PlainTextResponse("[" * 100_000)


async def _other_shape(_: Request) -> Response:
    return JSONResponse({"messages": {"id": "m1"}})


@pytest.mark.parametrize("answer", [_html, _broken, _elsewhere, _hang, _deep, _other_shape])
async def test_a_hub_that_cannot_be_read_is_trouble_and_nothing_else(
    lite: Database, make: MakeWorker, answer: Answer
) -> None:
    report = await make(lite, app=serving(answer), timeout=0.3).worker.act(FOREVER)
    assert report.rows == ()
    assert report.troubles
    assert not report.clean


async def test_a_wrong_token_is_named(lite: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    report = await make(lite, app=create_app(mailbox, token="another")).worker.act(FOREVER)
    assert report.troubles == ["the hub refuses the token; set AUTOPILOT_HUB_TOKEN again"]


async def test_an_answer_that_does_not_end_is_cut_off(lite: Database, make: MakeWorker) -> None:
    async def flood(_: Request) -> Response:
        return PlainTextResponse("a" * 5_000_000)

    report = await make(lite, app=serving(flood)).worker.act(FOREVER)
    assert report.troubles == ["the hub's answer does not end"]


async def test_a_flood_of_messages_waits_its_turn(lite: Database, make: MakeWorker) -> None:
    """Page after page, each full, for ever: the round ends, and says that there is more."""
    pages = 0

    async def endless(request: Request) -> Response:
        nonlocal pages
        if request.method == "POST":
            return JSONResponse({"id": "e1"})
        pages += 1
        ids = [request.query_params["id"]] if "id" in request.query_params else [f"p{pages}-{n}" for n in range(100)]
        found = [{"id": one, "from": "x", "subject": "", "body": "hello?", "version": "1"} for one in ids]
        return JSONResponse({"messages": found, "next": f"c{pages}"})

    report = await make(lite, app=serving(endless)).worker.rehearse()
    assert pages == MOST_MESSAGES // 100
    assert len(report.rows) == MOST_NEW
    assert report.more


async def test_a_cursor_that_goes_in_a_circle_is_not_followed(lite: Database, make: MakeWorker) -> None:
    asked = 0

    async def circle(_: Request) -> Response:
        nonlocal asked
        asked += 1
        one = {"id": f"m{asked}", "from": "x", "body": "hello?", "version": "1"}
        return JSONResponse({"messages": [one], "next": "same"})

    await make(lite, app=serving(circle)).worker.rehearse()
    assert asked == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "../../v1/messages/m9/read"},
        {"id": "m1/read"},
        {"id": ""},
        {"id": 7},
        {"body": None},
        {"version": ""},
        {"from": "x" * 501},
    ],
)
async def test_a_message_of_another_shape_does_not_hide_the_others(
    lite: Database, make: MakeWorker, wrong: dict[str, object]
) -> None:
    good = {"id": "good", "from": "mira", "body": "lunch?", "version": "1"}

    async def unread(_: Request) -> Response:
        return JSONResponse({"messages": [{**good, "id": "bad", **wrong}, "nonsense", good], "next": None})

    report = await make(lite, app=serving(unread)).worker.rehearse()
    assert [row.message for row in report.rows] == ["good"]
    assert report.troubles == ["2 messages of the hub are not what its contract says"]


async def test_nul_and_lone_surrogates_can_be_kept(db: Database, make: MakeWorker) -> None:
    async def unread(request: Request) -> Response:
        if request.method == "POST":
            return JSONResponse({"id": "e1"})
        raw = r'{"messages":[{"id":"m1","from":"a\u0000b","subject":"\ud800","body":"x\u0000","version":"1"}]}'
        return PlainTextResponse(raw, media_type="application/json")

    report = await make(db, app=serving(unread)).worker.act(FOREVER)
    assert [(row.action, row.result) for row in report.rows] == [(Action.ESCALATE, Result.PEOPLE)]


async def test_one_id_twice_is_one_message(lite: Database, make: MakeWorker, mailbox: Mailbox) -> None:
    between = Between(mailbox)
    mailbox.arrive(sender="mira", body=HELLO)
    twice = mailbox.unread
    mailbox.unread = lambda **kw: (twice(**kw)[0] * 2, None)  # type: ignore[method-assign]  # a hub with a bug
    report = await make(lite, app=between).worker.act(FOREVER)
    assert [row.result for row in report.rows] == [Result.DONE]
    assert done(mailbox) == [("m1", "reply"), ("m1", "read")]


async def test_two_messages_under_one_id_are_for_people(lite: Database, make: MakeWorker) -> None:
    one = {"id": "m1", "from": "mira", "body": HELLO, "version": "1"}

    async def unread(request: Request) -> Response:
        if request.method == "POST":
            return JSONResponse({"id": "e1"})
        return JSONResponse({"messages": [one, {**one, "from": "eve"}], "next": None})

    report = await make(lite, app=serving(unread)).worker.act(FOREVER)
    assert [(row.action, row.why) for row in report.rows] == [
        (Action.ESCALATE, "the hub has two different messages under one id")
    ]


async def test_a_message_that_changes_before_the_reply_is_not_replied_to(
    lite: Database, make: MakeWorker, mailbox: Mailbox
) -> None:
    """It is looked at again right before the write; the new words were never planned for."""
    mailbox.arrive(sender="mira", body=HELLO)
    between = Between(mailbox)

    def change(method: str, path: str) -> None:
        if len(between.asked) == 2:  # the first look is the round's, the second the preview's
            mailbox.arrive(sender="mira", body="Please confirm that you agree to pay.", id="m1")

    between.instead = change
    report = await make(lite, app=between).worker.act(FOREVER)
    assert [row.result for row in report.rows] == [Result.PEOPLE]
    assert done(mailbox) == []
    assert "POST /v1/messages/m1/reply" not in between.asked


async def test_a_message_that_changes_after_the_last_look_is_refused_by_its_version(
    lite: Database, make: MakeWorker, mailbox: Mailbox
) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    between = Between(mailbox)

    def change(method: str, path: str) -> None:
        if path.endswith("/reply"):
            mailbox.arrive(sender="mira", body="Please confirm that you agree to pay.", id="m1")

    between.instead = change
    report = await make(lite, app=between).worker.act(FOREVER)
    assert [row.result for row in report.rows] == [Result.PEOPLE]
    assert "reply" not in [what for _message, what in done(mailbox)]


async def test_a_message_that_changes_after_the_reply_stays_unread_for_people(
    lite: Database, make: MakeWorker, mailbox: Mailbox
) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    between = Between(mailbox)

    def change(method: str, path: str) -> None:
        if path.endswith("/read"):
            mailbox.arrive(sender="mira", body="And pay me.", id="m1")

    between.instead = change
    worker = make(lite, app=between).worker
    await worker.act(FOREVER)
    between.instead = lambda _method, _path: None
    await worker.act(FOREVER)
    assert done(mailbox) == [("m1", "reply"), ("m1", "progress")]
    assert mailbox.messages["m1"].unread


async def test_what_comes_again_with_other_words_goes_to_people_once(
    lite: Database, make: MakeWorker, mailbox: Mailbox
) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    worker = make(lite).worker
    await worker.act(FOREVER)
    mailbox.arrive(sender="mira", body="Is this a bot?", id="m1")
    again = await worker.act(FOREVER)
    await worker.act(FOREVER)
    assert [row.why for row in again.rows] == ["it changed after it was dealt with"]
    assert done(mailbox) == [("m1", "reply"), ("m1", "read"), ("m1", "progress")]


async def test_a_reply_whose_answer_got_lost_is_sent_once(lite: Database, make: MakeWorker, mailbox: Mailbox) -> None:
    """The same key again: the hub gives its first answer."""
    mailbox.arrive(sender="mira", body=HELLO)
    between = Between(mailbox)
    losses = iter([True, True])
    between.lost = lambda path: path.endswith("/reply") and next(losses, False)
    report = await make(lite, app=between).worker.act(FOREVER)
    assert report.clean
    assert between.asked.count("POST /v1/messages/m1/reply") == 3
    assert done(mailbox) == [("m1", "reply"), ("m1", "read")]


async def test_a_reply_that_stays_in_doubt_is_for_people_and_never_marked_read(
    lite: Database, make: MakeWorker, mailbox: Mailbox
) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    between = Between(mailbox)
    between.lost = lambda path: path.endswith("/reply")
    worker = make(lite, app=between).worker
    report = await worker.act(FOREVER)
    await worker.act(FOREVER)
    assert [row.result for row in report.rows] == [Result.PEOPLE]
    assert "in doubt" in report.troubles[0]
    assert done(mailbox) == [("m1", "reply"), ("m1", "progress")]
    assert mailbox.messages["m1"].unread


async def test_a_hub_that_goes_away_in_the_middle_is_tried_again_next_round(
    lite: Database, make: MakeWorker, mailbox: Mailbox
) -> None:
    """Away before anything was begun: nothing is lost, nothing is given up."""
    mailbox.arrive(sender="mira", body=HELLO)
    between = Between(mailbox)
    between.instead = lambda _m, _p: PlainTextResponse("no", status_code=503) if len(between.asked) > 1 else None
    worker = make(lite, app=between).worker
    report = await worker.act(FOREVER)
    assert [row.result for row in report.rows] == [Result.LATER]
    assert report.troubles
    between.instead = lambda _method, _path: None
    assert (await worker.act(FOREVER)).clean
    assert done(mailbox) == [("m1", "reply"), ("m1", "read")]


async def test_a_message_somebody_else_took_is_left_alone(lite: Database, make: MakeWorker, mailbox: Mailbox) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    between = Between(mailbox)

    def take(method: str, path: str) -> None:
        if len(between.asked) == 2:
            del mailbox.messages["m1"]

    between.instead = take
    report = await make(lite, app=between).worker.act(FOREVER)
    assert report.troubles == []
    assert done(mailbox) == []


@pytest.mark.parametrize("url", ["http://hub.example", "ftp://127.0.0.1", "hub", "http://127.0.0.1@hub.example"])
async def test_the_token_never_travels_bare(url: str) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(InboxError, match="use https"):
            Hub(url, TOKEN, client)
