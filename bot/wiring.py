"""Builds everything once. The only file that knows every class."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import httpx
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import locks, settings
from bot.agent import definition
from bot.agent.definition import AgentDefinition
from bot.agent.runner import AgentRunner
from bot.brains.base import Brain
from bot.brains.playbook import load_all
from bot.brains.rules import RulesBrain
from bot.console.serve import serving
from bot.events.publisher import Publisher
from bot.lifecycle.ports import Stage
from bot.orchestrator import sweeps
from bot.orchestrator.core import Orchestrator
from bot.orchestrator.pace import Pace as WorkPace
from bot.orchestrator.show import Showroom
from bot.orchestrator.worker import Worker
from bot.schedules import scheduler
from bot.settings import Settings
from bot.slack import app as slack_app
from bot.slack.client import SlackClients
from bot.slack.drawing import Drawing
from bot.slack.listeners.words import Words
from bot.slack.outbox import Outbox
from bot.slack.pacing import Pace
from bot.slack.people import SlackPeople
from bot.slack.replies import Replies
from bot.slack.stage import SlackStage
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.people import People
from policy.redaction import Redactor
from policy.risk import RiskTable
from storage import schedules
from storage.db import Database
from storage.migrate import migrate, require_current
from tools.gateway import Gateway, Rules
from tools.registry import Registry
from tools.sources.openapi import load_openapi_source

_log = structlog.get_logger(__name__)
SHOP = Path(__file__).parents[1] / "tools" / "manifests" / "shop.yaml"


class CannotStart(Exception):
    """Something a start needs is missing or wrong; the message says what and how to mend it."""


@dataclass(frozen=True, kw_only=True)
class Core:
    """Everything below the edges."""

    settings: Settings
    db: Database
    registry: Registry
    rules: Rules
    redactor: Redactor
    agent: AgentDefinition
    brain: Brain

    def evidence_url(self, hashed: str) -> str:
        return f"{self.settings.console}/evidence/{hashed}"

    def gateway(self, people: People) -> Gateway:
        return Gateway(db=self.db, registry=self.registry, rules=self.rules, redactor=self.redactor, people=people)

    def worker(self, gateway: Gateway, people: People, stage: Stage) -> Worker:
        runner = AgentRunner(
            db=self.db,
            gateway=gateway,
            people=people,
            agent=self.agent,
            brain=self.brain,
            env=self.settings.env,
            evidence_url=self.evidence_url,
        )
        return Worker(
            db=self.db,
            gateway=gateway,
            runner=runner,
            stage=stage,
            pace=WorkPace(lease=self.settings.lease_seconds),
            approvals_channel=self.settings.ops_channel,
        )


@contextlib.asynccontextmanager
async def database(config: Settings) -> AsyncIterator[Database]:
    """The database, closed in the end. SQLite is migrated on the way; PostgreSQL by 'autopilot migrate'."""
    db = Database(config.database)
    try:
        if not db.is_postgres:
            await migrate(db)
        yield db
    finally:
        await db.close()


def rules(config: Settings, registry: Registry) -> Rules:
    """Policy, risk and autonomy, checked against the tools there are."""
    folder = config.policy_dir or DEFAULT_RULES
    engine = PolicyEngine.load(folder, registry.actions(), config.groups, cache_dir=config.home / "policy-cache")
    return Rules(engine=engine, risks=RiskTable.load(), autonomy=AutonomyTable.load())


async def load_tools(config: Settings, client: httpx.AsyncClient) -> Registry:
    """Every tool of every configured manifest."""
    files = config.manifests or ((SHOP,) if config.shop_url else ())
    registry = Registry()
    for file in files:
        for tool in await load_openapi_source(file, environ=settings.environment(), client=client):
            registry.add(tool)
    return registry


def make_brain(config: Settings, agent: AgentDefinition, registry: Registry) -> Brain:
    """The model's brain when one is configured, the rules brain otherwise."""
    model = agent.model or config.model
    if model:
        if not settings.has_provider_key(config):
            raise CannotStart(
                f"AUTOPILOT_MODEL is {model!r} but no provider key is set; export the provider's key "
                "(for instance ANTHROPIC_API_KEY), or unset AUTOPILOT_MODEL to run playbooks"
            )
        from bot.brains.llm import LlmBrain

        key = config.model_api_key.get_secret_value() if config.model_api_key else None
        return LlmBrain(model, api_base=config.model_api_base or None, api_key=key)
    return RulesBrain(load_all(tools=[tool.name for tool in registry]) if len(registry) else ())


@contextlib.asynccontextmanager
async def core(
    config: Settings, *, agent: AgentDefinition | None = None, brain: Brain | None = None
) -> AsyncIterator[Core]:
    """Storage, tools, policy and brain, closed in the end."""
    agent = agent or (definition.load(config.agent_file) if config.agent_file else definition.load())
    async with contextlib.AsyncExitStack() as stack:
        db = await stack.enter_async_context(database(config))
        if db.is_postgres:
            await require_current(db)
        client = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
        registry = await load_tools(config, client)
        chosen = brain or make_brain(config, agent, registry)
        yield Core(
            settings=config,
            db=db,
            registry=registry,
            rules=rules(config, registry),
            redactor=Redactor.default(),
            agent=agent,
            brain=chosen,
        )
        close = getattr(chosen, "aclose", None)
        if close is not None:
            await close()


def _tokens(config: Settings) -> tuple[str, str]:
    missing = [
        name
        for name, token in (("SLACK_BOT_TOKEN", config.slack_bot_token), ("SLACK_APP_TOKEN", config.slack_app_token))
        if token is None or not token.get_secret_value()
    ]
    if missing or config.slack_bot_token is None or config.slack_app_token is None:
        raise CannotStart(
            f"{' and '.join(missing)} not set; see 'Connect a real Slack' in the README, or try 'make demo' without any"
        )
    return config.slack_bot_token.get_secret_value(), config.slack_app_token.get_secret_value()


async def _who_we_are(client: AsyncWebClient) -> tuple[str, str]:
    """(team id, bot user id)."""
    try:
        found = await client.auth_test()
    except SlackApiError as error:
        why = error.response["error"]
        raise CannotStart(
            f"slack refuses SLACK_BOT_TOKEN ({why}); copy the Bot User OAuth Token again, then run 'autopilot doctor'"
        ) from None
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        raise CannotStart(
            f"cannot reach slack at {client.base_url}: {type(error).__name__}; check the network"
        ) from None
    return str(found["team_id"]), str(found["user_id"])


async def run(
    config: Settings,
    stop: asyncio.Event,
    *,
    on_ready: Callable[[], None] = lambda: None,
    agent: AgentDefinition | None = None,
    brain: Brain | None = None,
) -> None:
    """Run the bot until `stop` is set, then drain: nothing new is taken, streams are closed.

    `agent` and `brain` replace the configured ones, for tests and replay.
    """
    bot_token, app_token = _tokens(config)
    async with contextlib.AsyncExitStack() as stack:
        base = await stack.enter_async_context(core(config, agent=agent, brain=brain))
        if not base.db.is_postgres:
            stack.callback(os.close, locks.hold(config.home / "autopilot.lock"))
            await sweeps.take_back(base.db, only_expired=False)  # ours alone, so whoever held them is dead
        clients = SlackClients(base_url=config.slack_api_url)
        stack.push_async_callback(clients.close)
        client = clients.client(bot_token)
        tenant, bot_user = await _who_we_are(client)
        people = SlackPeople(client=client)
        gateway = base.gateway(people)
        orchestrator = Orchestrator(db=base.db, gateway=gateway, people=people, agent=base.agent)
        showroom = Showroom(base.db, gateway, people, base.evidence_url)
        pace, replies = Pace(), Replies(client=client)
        stage = SlackStage(
            db=base.db,
            client=client,
            streams=clients.stream_client(bot_token),
            pace=pace,
            registry=base.registry,
            bot_user=bot_user,
            redact=base.redactor.stream,
            evidence_url=base.evidence_url,
            lease=config.lease_seconds,
        )
        words = Words(
            db=base.db,
            orchestrator=orchestrator,
            showroom=showroom,
            replies=replies,
            brain=base.brain.name,
            data_policy=base.agent.data_policy.in_words(),
            ops_channel=config.ops_channel,
        )
        await _ensure_digest(base.db, config, tenant)
        app = slack_app.build(
            client=client, token=bot_token, orchestrator=orchestrator, showroom=showroom, words=words, replies=replies
        )
        drawing = Drawing(db=base.db, showroom=showroom)
        outbox = Outbox(db=base.db, client=client, pace=pace, draw=drawing.draw, lease=config.lease_seconds)
        worker = base.worker(gateway, people, stage)
        handlers = slack_app.socket_handlers(app, app_token)

        async def ready() -> dict[str, bool]:
            from bot.console.app import database_answers

            connected = [await h.client.is_connected() for h in handlers]
            return {"database": await database_answers(base.db), "slack": any(connected)}

        from bot.console.app import build as build_console

        await stack.enter_async_context(serving(build_console(base.db, lambda: tenant, ready), config.console_port))
        ticking = scheduler.start(base.db)
        stack.callback(ticking.shutdown, wait=False)
        sending = asyncio.create_task(outbox.run())
        working = asyncio.create_task(worker.run())
        publisher = Publisher(db=base.db, redactor=base.redactor, environ=settings.environment())
        publishing = asyncio.create_task(publisher.run())
        mending = asyncio.create_task(stage.mend())
        for handler in handlers:
            await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped
        warming = asyncio.create_task(_warm(base.brain))
        _log.info("connected", tenant=tenant, brain=base.brain.name, tools=len(base.registry))
        on_ready()
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, sending, working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for handler in handlers:
                await handler.close_async()  # type: ignore[no-untyped-call]  # bolt ships it untyped
            worker.stop()
            publisher.stop()
            await asyncio.wait([working], timeout=worker.pace.drain)
            await replies.drain(3)
            with contextlib.suppress(Exception):
                await outbox.flush()
            background = (sending, working, publishing, mending, warming, stopping)
            for task in background:
                task.cancel()
            done = await asyncio.gather(*background, return_exceptions=True)
        for result in done:
            if isinstance(result, Exception):
                raise result


async def _warm(brain: Brain) -> None:
    warm = getattr(brain, "warm", None)
    if warm is not None:
        await warm()


async def _ensure_digest(db: Database, config: Settings, tenant: str) -> None:
    """The daily digest's schedule, when a channel for it is set."""
    if not config.ops_channel:
        return
    async with db.write() as tx:
        known = await schedules.of_tenant(tx, tenant)
        if any(s.kind == "digest" and s.channel == config.ops_channel for s in known):
            return
        at = scheduler.next_time(config.digest_cron, config.digest_tz, await tx.time())
        await schedules.put(
            tx,
            tenant=tenant,
            kind="digest",
            cron=config.digest_cron,
            tz=config.digest_tz,
            channel=config.ops_channel,
            next_at=at,
        )
