"""Reads about what people change: flags and releases, with who did it when."""

from typing import Literal

from pydantic import Field

from bot.demo.shop.clock import iso
from bot.demo.shop.counters import NOW_SECONDS
from bot.demo.shop.flags import Flag
from bot.demo.shop.operation import Asked, AskNothing, NotFound, Operation
from bot.demo.shop.shapes import (
    DeployList,
    DeployOut,
    FlagChangeOut,
    FlagHistory,
    FlagList,
    FlagLive,
    FlagOut,
)
from bot.demo.shop.world import World


class AskFlag(Asked):
    name: str = Field(min_length=1, max_length=80)


class AskHistory(Asked):
    minutes: int = Field(default=120, ge=1, le=10_080)
    name: str = Field(default="", max_length=80, description="empty: all flags")


class AskDeploys(Asked):
    minutes: int = Field(default=1440, ge=1, le=10_080)
    service: Literal["", "storefront", "checkout", "search", "social", "pipeline"] = ""


def find_flag(world: World, name: str) -> Flag:
    """The flag, or NotFound with the names there are."""
    flag = world.flags.find(name)
    if flag is None:
        raise NotFound(f"no flag {name!r}; known: {', '.join(flag.name for flag in world.flags.all())}")
    return flag


def flag_out(world: World, flag: Flag) -> FlagOut:
    """A flag with what it does at this moment."""
    cells = world.counters.by_key(world.at, NOW_SECONDS, flag.component)
    with_flag = sum(cell.requests for key, cell in cells.items() if key.flag == flag.name)
    live = FlagLive(
        seconds=NOW_SECONDS,
        with_flag=with_flag,
        without_flag=sum(cell.requests for cell in cells.values()) - with_flag,
        rate=world.counters.total(world.at, NOW_SECONDS, flag.component).rate,
    )
    return FlagOut(
        name=flag.name,
        component=flag.component,
        on=flag.on,
        percent=flag.percent,
        about=flag.about,
        customers=flag.customers,
        live=live,
    )


def get_flag(world: World, asked: AskFlag) -> FlagOut:
    return flag_out(world, find_flag(world, asked.name))


def list_flags(world: World, _: AskNothing) -> FlagList:
    return FlagList(flags=[flag_out(world, flag) for flag in world.flags.all()])


def flag_history(world: World, asked: AskHistory) -> FlagHistory:
    """Who changed which flag in the window."""
    since = world.at - asked.minutes * 60
    return FlagHistory(
        start=iso(since),
        end=iso(world.at),
        changes=[
            FlagChangeOut(
                at=iso(change.at),
                minutes_ago=round((world.at - change.at) / 60, 1),
                by=change.by,
                flag=change.name,
                before=change.before,
                after=change.after,
            )
            for change in reversed(world.flags.history)
            if change.at >= since and asked.name in {"", change.name}
        ],
    )


def list_deploys(world: World, asked: AskDeploys) -> DeployList:
    since = world.at - asked.minutes * 60
    return DeployList(
        start=iso(since),
        end=iso(world.at),
        deploys=[
            DeployOut(
                at=iso(deploy.at),
                minutes_ago=round((world.at - deploy.at) / 60, 1),
                service=deploy.service,
                version=deploy.version,
                by=deploy.by,
            )
            for deploy in sorted(world.deploys, key=lambda deploy: -deploy.at)
            if deploy.at >= since and asked.service in {"", deploy.service}
        ],
    )


READS = (
    Operation(
        id="listFlags",
        method="GET",
        path="/flags",
        tag="flags",
        summary="All feature flags with what each does at this moment.",
        takes=AskNothing,
        gives=FlagList,
        handle=list_flags,
        example={},
    ),
    Operation(
        id="getFlagHistory",
        method="GET",
        path="/flag-changes",
        tag="flags",
        summary="Who changed which feature flag when, newest first.",
        takes=AskHistory,
        gives=FlagHistory,
        handle=flag_history,
        example={"minutes": 120},
    ),
    Operation(
        id="getFlag",
        method="GET",
        path="/flags/{name}",
        tag="flags",
        summary="One feature flag with what it does at this moment.",
        takes=AskFlag,
        gives=FlagOut,
        handle=get_flag,
        example={"name": "new-checkout"},
    ),
    Operation(
        id="listDeploys",
        method="GET",
        path="/deploys",
        tag="deploys",
        summary="What was released when, newest first.",
        takes=AskDeploys,
        gives=DeployList,
        handle=list_deploys,
        example={"minutes": 1440, "service": "checkout"},
    ),
)
