"""Everything below the edges, built once: storage, tools, policy and the brain. The bot and commands start with it."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.agent import lineup
from bot.agent.by_agent import ByAgent
from bot.agent.definition import AgentDefinition
from bot.agent.foresight import ModelForesight
from bot.agent.lineup import Lineup, Member
from bot.agent.runner import AgentRunner
from bot.brains.base import Brain
from bot.factors.step_up import BadStepUp, StepUps
from bot.factors.step_up import read as read_step_up
from bot.lifecycle.ports import Files, Stage
from bot.orchestrator.lowering import Lowerer
from bot.orchestrator.pace import Pace as WorkPace
from bot.orchestrator.reloading import Reloader
from bot.orchestrator.retention import Keep
from bot.orchestrator.worker import Worker
from bot.schedules.definition import Installed
from bot.settings import Settings
from bot.starting import CannotStart
from bot.thinking import make_brain, member, skills
from bot.tls import tls
from bot.tooling import load_tools
from policy.autonomy import DEFAULT_TABLE as DEFAULT_AUTONOMY
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.defanging import Defanged
from policy.mandate import Runbook
from policy.people import People
from policy.redaction import Redactor
from policy.risk import DEFAULT_TABLE as DEFAULT_RISKS
from policy.risk import RiskTable
from policy.types import Tier
from policy.waiting import DEFAULT_WAITING, WaitingTable
from storage import skill_runs
from storage.db import Database
from storage.migrate import migrate, require_current
from storage.skill_runs import Learned
from tools.gateway import Gateway, Rules
from tools.own.box import own_tools
from tools.playbooks.library import Library
from tools.playbooks.reading import reading_tool
from tools.registry import Registry
from tools.searching import search_tool


@dataclass(frozen=True, kw_only=True)
class Core:
    """Everything below the edges."""

    settings: Settings
    db: Database
    registry: Registry
    rules: Rules
    redactor: Redactor
    agents: Lineup
    brains: Mapping[str, Brain]
    """what thinks for each agent, by its name"""
    library: Library

    def evidence_url(self, hashed: str) -> str:
        return f"{self.settings.console}/evidence/{hashed}"

    def shown(self) -> Defanged:
        """What an answer goes through before anybody sees it: no secrets, no links to places nobody allowed."""
        own = urlsplit(self.settings.console).hostname or ""
        return Defanged(inner=self.redactor.stream(), allowed=(*self.settings.link_hosts, own))

    def runbooks(self) -> tuple[Runbook, ...]:
        """What the playbooks here may change; with a model they still say what a request implies."""
        writes = {tool.name for tool in self.registry if tool.manifest.tier is not Tier.READ}
        return tuple(
            Runbook(
                name=name,
                words=frozenset(book.match.words) if book.match else frozenset(),
                least=book.match.least if book.match else 1,
                writes=self.library.tools_of(name) & writes,
            )
            for name, book in self.library.playbooks().items()
        )

    def gateway(self, people: People) -> Gateway:
        return Gateway(db=self.db, registry=self.registry, rules=self.rules, redactor=self.redactor, people=people)

    def reloader(self, gateway: Gateway) -> Reloader:
        """What takes changed policy files into use while the bot runs."""
        return Reloader(
            db=self.db,
            gateway=gateway,
            load=lambda: rules(self.settings, self.registry),
            files=lambda: policy_files(self.settings),
            channel=self.settings.ops_channel,
        )

    def lowerer(self, gateway: Gateway) -> Lowerer:
        """What watches the tools that may be used alone."""
        return Lowerer(
            db=self.db, gateway=gateway, agents=[one.name for one in self.agents], channel=self.settings.ops_channel
        )

    def installed(self, gateway: Gateway) -> Installed:
        """What decides what comes of a request, as it is now."""
        return Installed(
            gateway=gateway,
            agents=self.agents,
            skills={skill.name: skill.hash for skill in self.library},
        )

    def worker(self, gateway: Gateway, people: People, stage: Stage, files: Files | None = None) -> Worker:
        runbooks = self.runbooks()

        def runner(one: Member) -> AgentRunner:
            brain = self.brains[one.name]
            return AgentRunner(
                db=self.db,
                gateway=gateway,
                people=people,
                agent=one.definition,
                brain=brain,
                env=self.settings.env,
                evidence_url=self.evidence_url,
                sends_out=one.sends_out,
                terms=one.terms,
                runbooks=runbooks,
                files=files,
                foresight=ModelForesight(brain) if brain.name.startswith("llm:") else None,
            )

        return Worker(
            db=self.db,
            gateway=gateway,
            runner=ByAgent(self.db, {one.name: runner(one) for one in self.agents}),
            stage=stage,
            pace=WorkPace(lease=self.settings.lease_seconds),
            approvals_channel=self.settings.ops_channel,
            every_card=self.settings.every_card_to_ops,
            keep=Keep(
                words=self.settings.keep_words_days,
                results=self.settings.keep_results_days,
                posts=self.settings.keep_posts_days,
                cases=self.settings.keep_cases_days,
                record=self.settings.keep_record_days,
                deliveries=self.settings.keep_deliveries_days,
            ),
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


def policy_files(config: Settings) -> list[Path]:
    """Every file that decides what is allowed; a change of one is a change of policy."""
    folder = config.policy_dir or DEFAULT_RULES
    tables = (
        config.autonomy_file or DEFAULT_AUTONOMY,
        config.risk_file or DEFAULT_RISKS,
        config.waiting_file or DEFAULT_WAITING,
    )
    return [*sorted(folder.glob("*.cedar")), folder / "cases.yaml", *tables]


def rules(config: Settings, registry: Registry) -> Rules:
    """Policy, risk and autonomy, checked against the tools there are."""
    folder = config.policy_dir or DEFAULT_RULES
    engine = PolicyEngine.load(
        folder,
        registry.actions(),
        config.groups,
        cache_dir=config.home / "policy-cache",
        second_factor=config.second_factor,
    )
    waiting = WaitingTable.load(config.groups, config.waiting_file or DEFAULT_WAITING)
    risks = RiskTable.load(config.risk_file or DEFAULT_RISKS)
    autonomy = AutonomyTable.load(config.autonomy_file or DEFAULT_AUTONOMY)
    return Rules(engine=engine, risks=risks, autonomy=autonomy, waiting=waiting)


async def step_ups(config: Settings, closing: contextlib.AsyncExitStack) -> StepUps | None:
    """How approvers prove a second factor; None where no key or no address of the console is set.

    Raises:
        CannotStart: the key or the address proves nothing.
    """
    if not config.second_factor or config.step_up_key is None:
        return None
    oidc = None
    if config.oidc_issuer:
        from bot.factors.oidc import Oidc

        client = await closing.enter_async_context(
            httpx.AsyncClient(verify=tls(), follow_redirects=False, trust_env=False)
        )
        oidc = Oidc(
            issuer=config.oidc_issuer,
            client_id=config.oidc_client_id,
            client_secret=config.oidc_client_secret.get_secret_value() if config.oidc_client_secret else "",
            client=client,
            acr=config.oidc_acr,
        )
    try:
        return read_step_up(config.step_up_key.get_secret_value(), config.console, oidc)
    except BadStepUp as error:
        raise CannotStart(str(error)) from None


@contextlib.asynccontextmanager
async def core(
    config: Settings, *, agent: AgentDefinition | None = None, brain: Brain | None = None
) -> AsyncIterator[Core]:
    """Storage, tools, policy and brain, closed in the end."""
    known = lineup.read(config.agent_file, config.agents)
    if agent is not None:
        known = (agent, *(one for one in known if one.name != agent.name))
    async with contextlib.AsyncExitStack() as stack:
        db = await stack.enter_async_context(database(config))
        if db.is_postgres:
            await require_current(db)
        registry = await load_tools(config, stack)
        connected = any(True for _ in registry)
        for tool in (*own_tools(db, env=config.env), search_tool(registry)):
            registry.add(tool)
        library = skills(config, registry, connected=connected)
        registry.learn_uses(library.used_for())
        if library.skills and (config.model or any(one.model for one in known)):
            registry.add(reading_tool(library))

        async def learned(tenant: str) -> Mapping[str, Learned]:
            async with db.read() as tx:
                return await skill_runs.learned(tx, tenant)

        brains = {one.name: brain or make_brain(config, one, library, learned) for one in known}
        yield Core(
            settings=config,
            db=db,
            registry=registry,
            rules=rules(config, registry),
            redactor=Redactor.load(config.redaction_rules),
            agents=Lineup(members=tuple(member(config, one, brains[one.name]) for one in known)),
            brains=brains,
            library=library,
        )
        for one in {id(one): one for one in brains.values()}.values():
            close = getattr(one, "aclose", None)
            if close is not None:
                await close()
