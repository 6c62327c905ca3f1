"""A small shop to operate: real causes, real symptoms, nothing outside this process."""

from bot.demo.shop.clock import ManualClock
from bot.demo.shop.shop import Shop, create_shop

__all__ = ["ManualClock", "Shop", "create_shop"]
