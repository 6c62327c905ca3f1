"""An office whose leads have authenticator apps, under rules that ask for a second factor."""

from dataclasses import replace

import pytest

from bot.brains.base import Call
from bot.factors import totp
from bot.factors.keys import new_key
from bot.factors.step_up import StepUps, read
from bot.orchestrator.proving import Proving
from bot.orchestrator.requests import Answer, Said
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.people import CannotAsk
from storage import audit, factors, step_ups
from storage.proposals import votes_on
from storage.records import Proposal
from storage.step_ups import StepUpLink
from tests.builders import TENANT
from tests.orchestrator.office import DONE, Office
from tests.tools.conftest import GROUPS
from tests.tools.spy import Lab
from tools.rules import Rules

DROP = Call(call_id="d", tool="lab.drop", arguments={"reason_code": "INCIDENT", "why": "it burns"})
LEADS = ("U0LEA", "U0LIV")


class House:
    """An office where the leads have authenticator apps."""

    def __init__(self, office: Office, means: StepUps) -> None:
        self.office, self.means = office, means
        self.secrets: dict[str, str] = {}
        self.addresses = {"lea@ops.example": "U0LEA", "liv@ops.example": "U0LIV"}
        self.asleep = ""

    @property
    def proving(self) -> Proving:
        return Proving(desk=self.office.desk, means=self.means, by_email=self._by_email)

    async def _by_email(self, _tenant: str, address: str) -> str | None:
        if self.asleep:
            raise CannotAsk(self.asleep)
        return self.addresses.get(address)

    async def enrol(self, who: str) -> None:
        self.secrets[who] = totp.new_secret()
        async with self.office.db.write() as tx:
            await factors.enrol(tx, TENANT, who, self.means.keys.shut(self.secrets[who], TENANT, who), by="test")

    async def code(self, who: str, later: int = 0) -> str:
        async with self.office.db.read() as tx:
            return totp.code(self.secrets[who], await tx.time() + later * totp.STEP)

    async def token(self, who: str, proposal: Proposal) -> str:
        answer = await self.office.approve(who, proposal)
        assert answer.said is Said.STEP_UP and answer.link.startswith("https://ops.example/step-up/u_")
        return answer.link.rpartition("/")[2]

    async def prove(self, who: str, proposal: Proposal) -> Answer:
        return await self.proving.by_code(await self.token(who, proposal), await self.code(who))

    async def votes(self, proposal: Proposal) -> dict[str, str]:
        async with self.office.db.read() as tx:
            return {vote.voter: vote.stepped_up for vote in await votes_on(tx, TENANT, proposal.id)}

    async def record(self, event: str) -> list[str]:
        async with self.office.db.read() as tx:
            return [e.body for e in await audit.entries(tx, TENANT) if e.event == f"ops.agent_task.{event}"]

    async def link(self, token: str) -> StepUpLink:
        async with self.office.db.read() as tx:
            found = await step_ups.find(tx, token.partition(".")[0])
        assert found is not None
        return found


@pytest.fixture(scope="session")
def strict_engine(tmp_path_factory: pytest.TempPathFactory) -> PolicyEngine:
    cache = tmp_path_factory.mktemp("cache")
    return PolicyEngine.load(DEFAULT_RULES, Lab().registry().actions(), GROUPS, cache_dir=cache, second_factor=True)


@pytest.fixture
def strict_rules(rules: Rules, strict_engine: PolicyEngine) -> Rules:
    return replace(rules, engine=strict_engine)


@pytest.fixture
async def house(office: Office, strict_rules: Rules) -> House:
    means = read(new_key(), "https://ops.example", None)
    office.gateway.rules = strict_rules
    office.script = [[DROP], DONE, DONE]
    office.staff.groups |= {who: {"sre-leads"} for who in LEADS}
    office.desk = replace(office.desk, step_up=means)
    house = House(office, means)
    for who in LEADS:
        await house.enrol(who)
    return house
