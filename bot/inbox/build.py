"""Builds a worker from its parts: the four tools and their own rules in a gateway of their own."""

from dataclasses import dataclass
from pathlib import Path

from bot.agent.definition import AgentDefinition
from bot.agent.definition import load as load_agent
from bot.brains.base import Brain
from bot.inbox import tools, topics
from bot.inbox.definition import definition_of
from bot.inbox.gate import Gate
from bot.inbox.hub import Hub
from bot.inbox.ledger import Ledger
from bot.inbox.model import InboxModel
from bot.inbox.planner import Planner
from bot.inbox.rules import InboxRules
from bot.inbox.topics import Topics
from bot.inbox.worker import InboxWorker
from policy.autonomy import AutonomyTable
from policy.cedar import PolicyEngine
from policy.redaction import Redactor
from policy.risk import RiskTable
from policy.types import Actor
from storage.db import Database
from tools.gateway import Gateway, Rules

RULES = Path(__file__).with_name("rules")
AGENT = Path(__file__).parent / "agent.yaml"


@dataclass(frozen=True, kw_only=True)
class Nobody:
    """People as this worker knows them: nobody, so nothing can be done in anybody's name."""

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        return None

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class Built:
    """A worker and the gate of its definition."""

    worker: InboxWorker
    gate: Gate


def build(
    *,
    db: Database,
    hub: Hub,
    tenant: str,
    env: str,
    brain: Brain | None = None,
    agent: AgentDefinition | None = None,
    known: Topics | None = None,
    policy_cache: Path | None = None,
) -> Built:
    """The worker; without a brain of a model it plans by rules.

    Raises:
        BadTopics, AgentFileError, PolicyError: a file of it cannot be used.
    """
    agent = agent or load_agent(AGENT)
    known = known or topics.load()
    registry = tools.registry(hub, env=env)
    engine = PolicyEngine.load(RULES, registry.actions(), (), cache_dir=policy_cache)
    redactor = Redactor.default()
    gateway = Gateway(
        db=db,
        registry=registry,
        rules=Rules(engine=engine, risks=RiskTable.load(), autonomy=AutonomyTable()),
        redactor=redactor,
        people=Nobody(),
    )
    suggests = InboxRules(known) if brain is None else InboxModel(brain, agent)
    planner = Planner(topics=known, brain=suggests, agent=agent, redactor=redactor)
    ledger = Ledger(db=db, tenant=tenant, hub=hub.place, agent=agent, redactor=redactor)
    definition = definition_of(
        agent=agent, topics=known, registry=registry, brain=suggests.name, policy_version=engine.version
    )
    return Built(
        worker=InboxWorker(hub=hub, ledger=ledger, planner=planner, gateway=gateway, tenant=tenant),
        gate=Gate(db=db, tenant=tenant, definition=definition),
    )
