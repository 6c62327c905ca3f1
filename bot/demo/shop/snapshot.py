"""The live numbers the page draws."""

from bot.demo.shop.clock import iso, iso_or_none
from bot.demo.shop.counters import NOW_SECONDS
from bot.demo.shop.reads_health import AskSeries, series
from bot.demo.shop.social import POSTS
from bot.demo.shop.throttles import ENDPOINTS
from bot.demo.shop.world import World

MINUTES = 5


def snapshot(world: World) -> dict[str, object]:
    """Graphs of the last minutes, and how flags, throttles and friction stand."""
    replies = sum(reply.at >= world.at - NOW_SECONDS for reply in world.social.replies)
    limits = [(endpoint, world.throttles.of(endpoint)) for endpoint in ENDPOINTS]
    frictions = [(post, world.social.friction(post)) for post in POSTS]
    return {
        "at": iso(world.at),
        "requests_per_second": round(world.counters.total(world.at, NOW_SECONDS).requests / NOW_SECONDS, 1),
        "now": {
            "checkout_error_rate": world.counters.total(world.at, NOW_SECONDS, "checkout").rate,
            "pipeline_lag": world.pipeline.lag(),
            "replies_per_minute": replies * 60 // NOW_SECONDS,
            "retry_backlog": len(world.checkout.backlog),
        },
        "series": {
            "checkout_error_rate": _values(world, "checkout.error_rate"),
            "pipeline_lag": _values(world, "pipeline.lag"),
            "replies_per_minute": _values(world, "social.replies"),
        },
        "flags": [{"name": flag.name, "state": flag.words} for flag in world.flags.all()],
        "throttles": [
            {"endpoint": endpoint, "limit": limit.words, "expires_at": iso_or_none(limit.expires_at)}
            for endpoint, limit in limits
            if limit.per_second is not None
        ],
        "friction": [
            {"post": post, "friction": friction.words, "expires_at": iso_or_none(friction.expires_at)}
            for post, friction in frictions
            if friction.seconds
        ],
        "consumer": "stuck" if world.pipeline.stuck_since is not None else "running",
    }


def _values(world: World, name: str) -> list[float]:
    asked = AskSeries.model_validate({"name": name, "minutes": MINUTES})
    return [point.value for point in series(world, asked).points]
