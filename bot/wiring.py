"""Builds the running bot. The only file that knows every class."""

import asyncio
import contextlib
import datetime as dt
import os
from collections.abc import Callable
from functools import partial

import httpx
import structlog

from bot import light, locks, settings
from bot.agent.definition import AgentDefinition
from bot.brains.base import Brain
from bot.console.alerts import AlertDoor
from bot.console.serve import serving
from bot.detection.start import watch_file
from bot.events.publisher import Publisher
from bot.foundation import core, step_ups
from bot.joining import check_tokens, join, secret
from bot.notary import places
from bot.notary.notary import Notary
from bot.orchestrator import alerts, sweeps
from bot.orchestrator.alerts import AlertOpener
from bot.orchestrator.areas import Areas
from bot.orchestrator.core import Orchestrator
from bot.orchestrator.front import Front
from bot.orchestrator.preferences import Admins
from bot.orchestrator.reminding import Reminding
from bot.orchestrator.seeing import Seeing
from bot.orchestrator.show import Showroom
from bot.orchestrator.views import AgentLine
from bot.people.each import EachWorkspace
from bot.schedules import daily
from bot.schedules.changes import Changes
from bot.schedules.runs import Runs
from bot.schedules.scheduler import Scheduler
from bot.settings import Settings
from bot.slack import app as slack_app
from bot.slack import http_door
from bot.slack.channels import SlackChannels
from bot.slack.charts import Charts
from bot.slack.client import SlackClients
from bot.slack.departures import Departures
from bot.slack.drawing import Drawing
from bot.slack.files import SlackFiles
from bot.slack.homes import Homes
from bot.slack.links import Links
from bot.slack.listeners.consent import ConsentDesk
from bot.slack.listeners.grants import GrantsDesk
from bot.slack.listeners.schedules import SchedulePages
from bot.slack.listeners.settings import SettingsDesk
from bot.slack.listeners.words import Words
from bot.slack.outbox import Outbox
from bot.slack.people import SlackPeople
from bot.slack.porter import Porter
from bot.slack.replies import Replies
from bot.slack.scope_notes import ScopeNotes
from bot.slack.sessions import Sessions
from bot.slack.stage import SlackStage
from bot.slack.suggestions import Suggestions
from bot.tls import tls
from policy.people import People
from storage.checkpoints import Signer
from storage.db import Database
from storage.row_security import EVERYTHING

_log = structlog.get_logger(__name__)


async def _people(
    stack: contextlib.AsyncExitStack,
    config: Settings,
    slack: SlackPeople,
    clock: Callable[[], dt.datetime] | None,
) -> People:
    """Slack's word for who is who; with a groups file, its sources' word for who is in which group."""
    if config.groups_file is None:
        return slack
    from bot.people.build import build as build_people

    client = await stack.enter_async_context(httpx.AsyncClient(verify=tls(), follow_redirects=False, trust_env=False))
    environ, file = settings.environment(), config.groups_file

    def of(tenant: str) -> People:
        return build_people(file, environ=environ, client=client, directory=slack, tenant=tenant, clock=clock)

    of("")  # a file that cannot be used is said now, not at the first request
    return EachWorkspace(make=of)


async def run(
    config: Settings,
    stop: asyncio.Event,
    *,
    on_ready: Callable[[], None] = lambda: None,
    agent: AgentDefinition | None = None,
    brain: Brain | None = None,
    clock: Callable[[], dt.datetime] | None = None,
) -> None:
    """Run the bot until `stop` is set, then drain: nothing new is taken, streams are closed.

    `agent` and `brain` replace the configured ones, and `clock` that of the on-call schedules, for tests and replay.
    """
    check_tokens(config)
    async with contextlib.AsyncExitStack() as stack:
        base = await stack.enter_async_context(core(config, agent=agent, brain=brain))
        if not base.db.is_postgres:
            stack.callback(os.close, locks.hold(config.home / "autopilot.lock"))
            await sweeps.take_back(base.db, only_expired=False)  # ours alone, so whoever held them is dead
        clients = SlackClients(base_url=config.slack_api_url)
        stack.push_async_callback(clients.close)
        joined = await join(config, base.db, clients)
        workspaces = joined.workspaces
        stack.push_async_callback(workspaces.close)
        directory = SlackPeople(workspaces=workspaces)
        people = await _people(stack, config, directory, clock)
        # One workspace sees its own rows; a process of several narrows to one at each request and task.
        base.db.sees = joined.tenant or EVERYTHING
        gateway = base.gateway(people)
        orchestrator = Orchestrator(
            db=base.db,
            gateway=gateway,
            people=people,
            agents=base.agents,
            halt_groups=config.halt_groups,
            per_minute=config.requests_per_minute,
            step_up=await step_ups(config, stack),
            cards_channel=config.ops_channel if config.every_card_to_ops else "",
        )
        links = Links(workspaces)
        showroom = Showroom(base.db, gateway, people, base.evidence_url, links.to)
        replies = Replies(workspaces=workspaces)
        workspaces.on_missing_scope = ScopeNotes(
            db=base.db, people=people, replies=replies, groups=config.admin_groups, ops_channel=config.ops_channel
        ).noted
        stage = SlackStage(
            db=base.db,
            workspaces=workspaces,
            registry=base.registry,
            redact=base.shown,
            evidence_url=base.evidence_url,
            lease=config.lease_seconds,
        )
        installed = base.installed(gateway)
        changes = Changes(db=base.db, people=people, definition_of=installed.definition_of, admins=config.admin_groups)
        lines = tuple(
            AgentLine(
                name=one.name,
                brain=one.brain,
                data_policy=one.data.in_words(),
                summary=one.definition.summary,
                default=one is base.agents.default,
            )
            for one in base.agents
        )
        rooms = SlackChannels(workspaces=workspaces, is_guest=directory.is_guest)
        seeing = Seeing(gateway=gateway, people=people, channels=rooms)
        front = Front(
            db=base.db,
            seeing=seeing,
            showroom=showroom,
            areas=Areas(library=base.library),
            agents=lines,
            request_url=links.to_request,
        )
        terms = {one.terms.id: one.terms for one in base.agents if one.terms}
        consents = ConsentDesk(db=base.db, replies=replies, terms=terms)
        words = Words(
            consents=consents,
            db=base.db,
            orchestrator=orchestrator,
            front=front,
            replies=replies,
            schedules=SchedulePages(changes=changes, replies=replies, tz=config.digest_tz),
            ops_channel=config.ops_channel,
            grants=GrantsDesk(db=base.db, gateway=gateway, people=people, seeing=seeing),
            settings=SettingsDesk(
                db=base.db,
                admins=Admins(people=people, groups=config.admin_groups),
                agents=base.agents,
                replies=replies,
                per_minute=config.requests_per_minute,
            ),
        )
        for tenant in await workspaces.tenants():
            await daily.ensure(base.db, tenant, config.ops_channel, config.digest_cron, config.digest_tz)
        app = slack_app.build(
            client=joined.client,
            orchestrator=orchestrator,
            showroom=showroom,
            words=words,
            replies=replies,
            oauth=joined.oauth,
            departures=Departures(db=base.db, workspaces=workspaces),
            consents=consents,
            suggestions=Suggestions(db=base.db, agents=base.agents, workspaces=workspaces),
            porter=Porter(db=base.db, workspaces=workspaces),
        )
        charts = Charts(db=base.db, workspaces=workspaces)
        drawing = Drawing(db=base.db, showroom=showroom, charts=charts, registry=base.registry, rooms=rooms)
        outbox = Outbox(db=base.db, workspaces=workspaces, draw=drawing.draw, lease=config.lease_seconds)
        worker = base.worker(gateway, people, stage, SlackFiles(workspaces=workspaces))
        handlers = slack_app.socket_handlers(app, joined.app_token) if joined.app_token else []

        async def ready() -> dict[str, bool]:
            from bot.console.app import database_answers

            connected = [await h.client.is_connected() for h in handlers] or [True]  # by HTTP, Slack comes to us
            return {"database": await database_answers(base.db), "slack": any(connected)}

        from bot.console.api import Api
        from bot.console.app import build as build_console

        api = Api(orchestrator=orchestrator, seeing=seeing, begin_thread=replies.begin_thread)
        door = AlertDoor(
            take=lambda tenant, alert: alerts.take(base.db, tenant, alert),
            tenants=workspaces.tenants,
            secret=secret(config.alert_secret),
            pagerduty_secret=secret(config.pagerduty_secret),
        )
        doors = [*door.routes(), *api.routes(), *http_door.routes(app, joined.signing)]
        if orchestrator.step_up is not None:
            from bot.console.enrol import EnrolDoor
            from bot.console.step_up import StepUpDoor
            from bot.orchestrator.enrolling import Enrolling
            from bot.orchestrator.proving import Proving

            means = orchestrator.step_up
            proving = Proving(desk=orchestrator, means=means, by_email=directory.by_email)
            doors += StepUpDoor(proving=proving, showroom=showroom, name_of=directory.name).routes()
            enrolling = Enrolling(db=base.db, keys=means.keys)
            doors += EnrolDoor(enrolling=enrolling, origin=means.origin, name_of=directory.name).routes()
        console = build_console(base.db, workspaces.tenants, ready, doors)
        await stack.enter_async_context(serving(console, config.console_port))
        runs = Runs(db=base.db, orchestrator=orchestrator, people=people)
        ticking = Scheduler(db=base.db, definition_of=installed.definition_of, runs=runs).start()
        stack.callback(ticking.shutdown, wait=False)
        sending = asyncio.create_task(outbox.run())
        working = asyncio.create_task(worker.run())
        publisher = Publisher(db=base.db, redactor=base.redactor, environ=settings.environment())
        publishing = asyncio.create_task(publisher.run())
        mending = asyncio.create_task(stage.mend())
        signing = asyncio.create_task(_notary(base.db, config))
        watched = watch_file(config.detection_file, partial(alerts.take, base.db), workspaces.tenants)
        watching = asyncio.create_task(watched)
        keeping = asyncio.create_task(Homes(db=base.db, workspaces=workspaces, draw=front.home).run())
        telling = asyncio.create_task(Sessions(db=base.db, workspaces=workspaces).run())
        opener = AlertOpener(db=base.db, desk=orchestrator, requester=workspaces.bot_user)
        opening = asyncio.create_task(opener.run())
        reloading = asyncio.create_task(base.reloader(gateway).run())
        lowering = asyncio.create_task(base.lowerer(gateway).run())
        reminding = asyncio.create_task(Reminding(db=base.db, gateway=gateway, people=people).run())
        for handler in handlers:
            await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped
        warming = asyncio.create_task(_warm(base.brains[base.agents.default.name]))
        _log.info(
            "connected", tenants=await workspaces.tenants(), brain=base.agents.default.brain, tools=len(base.registry)
        )
        light.collect_rarely()
        on_ready()
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, sending, working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for handler in handlers:
                await handler.close_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped
            worker.stop()
            publisher.stop()
            await asyncio.wait([working], timeout=worker.pace.drain + 1)
            await replies.drain(3)
            with contextlib.suppress(Exception):
                await outbox.flush()
            background: list[asyncio.Task[object]] = [sending, working, publishing, mending, opening, reloading]
            background += [lowering, reminding, keeping, telling, signing, watching, warming, stopping]
            for task in background:
                task.cancel()
            done = await asyncio.gather(*background, return_exceptions=True)
        for result in done:
            if isinstance(result, Exception):
                raise result


async def _notary(db: Database, config: Settings) -> None:
    """Signs the record while the bot runs, when there is a key."""
    text = config.audit_key.get_secret_value() if config.audit_key else ""
    if config.audit_key_file is not None and not text:
        text = config.audit_key_file.read_text(encoding="utf-8")
    if text:
        every = config.audit_checkpoint_minutes * 60
        signer, where = Signer.read(text), places.read(config.audit_publish)
        await Notary(db=db, signer=signer, places=where, every=every).run()


async def _warm(brain: Brain) -> None:
    warm = getattr(brain, "warm", None)
    if warm is not None:
        await warm()
