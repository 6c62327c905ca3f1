"""The whole shop at one instant. `advance` lets time pass in tenths of a second; nothing else moves it."""

import random
from dataclasses import replace

from bot.demo.shop.checkout import FLAG, Checkout
from bot.demo.shop.counters import Counters, Gauges
from bot.demo.shop.deploys import DEPLOYS, Deploy
from bot.demo.shop.effects import Effects
from bot.demo.shop.faults import ServiceFault, Story
from bot.demo.shop.flags import Flag, Flags
from bot.demo.shop.load import Load
from bot.demo.shop.logs import LogLine, Logs
from bot.demo.shop.pipeline import Pipeline
from bot.demo.shop.product.growth import Growth
from bot.demo.shop.product.members import Members
from bot.demo.shop.product.moderation import Moderation
from bot.demo.shop.social import POSTS, Friction, Social
from bot.demo.shop.throttles import ENDPOINTS, Throttle, Throttles

TICKS_PER_SECOND = 10
LONGEST_JUMP_SECONDS = 1800
"""a laptop that slept does not make the shop relive the night"""


class World:
    """Everything the shop knows. The same seed, start and calls give the same numbers."""

    def __init__(self, *, seed: int, at: float, warm_minutes: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - traffic, not secrets
        self._tick = int((at - warm_minutes * 60) * TICKS_PER_SECOND)
        self.counters, self.gauges, self.logs = Counters(), Gauges(), Logs()
        self.flags, self.throttles, self.effects = Flags(), Throttles(), Effects()
        self.pipeline = Pipeline()
        self.checkout = Checkout(
            rng=rng,
            counters=self.counters,
            logs=self.logs,
            flags=self.flags,
            throttles=self.throttles,
            pipeline=self.pipeline,
        )
        self.social = Social(rng=rng, counters=self.counters, logs=self.logs, throttles=self.throttles)
        self.moderation, self.growth = Moderation(), Growth()
        # Its own chance: members must not change the numbers of the traffic.
        chance = random.Random(seed + 1)  # noqa: S311 - traffic, not secrets
        accounts = [*self.social.regulars, *self.social.burst]
        self.members = Members(rng=chance, logs=self.logs, accounts=accounts, at=at)
        self.social.wait_of = self.members.wait_of
        self._load = Load(
            rng=rng, counters=self.counters, logs=self.logs, throttles=self.throttles, checkout=self.checkout
        )
        self.service_fault = ServiceFault.NONE
        self.deploys = [
            Deploy(at=at - minutes * 60, service=service, version=version, by=by)
            for minutes, service, version, by in DEPLOYS
        ]
        for name, component, on, percent, about in (
            (FLAG, "checkout", False, 0, "one page checkout for express customers"),
            ("search-synonyms", "search", True, 100, "finds tents for shelters"),
            ("quick-reply", "social", False, 0, "reply without opening the post"),
        ):
            self.flags.add(
                Flag(
                    name=name,
                    component=component,
                    on=on,
                    percent=percent,
                    about=about,
                    express_only=name == FLAG,
                )
            )
        self.advance(at, jump=False)

    @property
    def at(self) -> float:
        """The instant the shop has lived up to."""
        return self._tick / TICKS_PER_SECOND

    def advance(self, to: float, *, jump: bool = True) -> None:
        """Live up to an instant."""
        target = int(to * TICKS_PER_SECOND)
        if jump and target - self._tick > LONGEST_JUMP_SECONDS * TICKS_PER_SECOND:
            self._tick = target - LONGEST_JUMP_SECONDS * TICKS_PER_SECOND
        while self._tick < target:
            self._tick += 1
            self._step(self.at, 1 / TICKS_PER_SECOND)

    def _step(self, at: float, seconds: float) -> None:
        self.throttles.expire(at)
        self.social.expire(at)
        self._load.step(at, seconds)
        self.checkout.retry_due(at, seconds)
        self.pipeline.step(at, seconds)
        self.social.step(at, seconds)
        if self._tick % TICKS_PER_SECOND == 0:
            self.members.expire(at)
            self.members.step(at)
            self.gauges.sample(at, "pipeline.lag", self.pipeline.lag())
            self.gauges.sample(at, "checkout.backlog", len(self.checkout.backlog))
            self.gauges.sample(at, "checkout.database_ms", round(self.checkout.waits_ms, 2))

    def reset(self) -> None:
        """Everything back to how the shop opened; what happened stays in the history and the effects."""
        for story in self.told():
            self.tell(story, on=False)
        for endpoint in ENDPOINTS:
            self.throttles.put(endpoint, Throttle(), at=self.at)
        for post in POSTS:
            self.social.put_friction(post, Friction())
        self.checkout.backlog.clear()
        self.service_fault = ServiceFault.NONE

    def told(self) -> set[Story]:
        """The stories that are on now."""
        flag = self.flags.find(FLAG)
        on = {
            Story.BAD_FLAG: flag is not None and flag.on and flag.percent > 0,
            Story.DOGPILE: self.social.bursting,
            Story.STUCK_CONSUMER: self.pipeline.stuck_since is not None or self.pipeline.poisoned,
            Story.LOCKED_OUT: self.members.besieged,
            Story.SCAM: self.moderation.scam,
            Story.WEAK_WINDOW: self.growth.weak,
        }
        return {story for story, told in on.items() if told}

    def tell(self, story: Story, *, on: bool) -> None:
        """Start or end a story. Starting puts the cause in place; the symptoms follow from it."""
        if on == (story in self.told()):
            return
        match story:
            case Story.BAD_FLAG:
                flag = self.flags.find(FLAG)
                if flag is not None:
                    self.flags.change(replace(flag, on=on, percent=100 if on else 0), by="mira", at=self.at)
            case Story.DOGPILE:
                self.social.bursting = on
            case Story.LOCKED_OUT:
                self.members.besiege(on=on, at=self.at)
            case Story.SCAM:
                self.moderation.tell_scam(on=on)
            case Story.WEAK_WINDOW:
                self.growth.weak = on
            case Story.STUCK_CONSUMER if on:
                self.pipeline.poisoned = True
                self.logs.write(
                    LogLine(
                        at=self.at,
                        level="warning",
                        component="pipeline",
                        message="consumer analytics-1 waits for its batch to be acknowledged",
                    )
                )
            case Story.STUCK_CONSUMER:
                self.pipeline.release()
