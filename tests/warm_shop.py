"""Shops whose past is lived once in a process of tests and then copied.

Ten minutes of traffic cost a tenth of a second, a copy a fifth of that.
"""

import pickle
from functools import lru_cache

from bot.demo.shop import Shop
from bot.demo.shop.clock import Clock
from bot.demo.shop.shop import open_shop
from bot.demo.shop.world import World


def warm_shop(*, token: str, clock: Clock, seed: int = 7, warm_minutes: int, every: float = 0) -> Shop:
    """What `create_shop` makes. `every`: seconds in which shops may share a past; each lives on to its own clock."""
    at = clock()
    if every:
        at -= at % every
    world: World = pickle.loads(_lived(seed, at, warm_minutes))  # noqa: S301 - our own bytes
    return open_shop(world, token=token, clock=clock)


@lru_cache(maxsize=8)
def _lived(seed: int, at: float, warm_minutes: int) -> bytes:
    return pickle.dumps(World(seed=seed, at=at, warm_minutes=warm_minutes))
