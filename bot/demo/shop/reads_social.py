"""Reads about posts: which are busy, who replies to one."""

from statistics import median

from pydantic import Field

from bot.demo.shop.clock import iso, iso_or_none
from bot.demo.shop.counters import NOW_SECONDS
from bot.demo.shop.operation import Asked, NotFound, Operation
from bot.demo.shop.shapes import AgeGroup, FrictionOut, PostActivity, PostList, PostSummary, RepliesNow
from bot.demo.shop.social import NEW_ACCOUNT_DAYS, POSTS, REPLY, Reply
from bot.demo.shop.world import World

USUAL_SECONDS = 1800
AGES = (("under 1 day", 0.0, 1.0), ("1 to 7 days", 1.0, 7.0), ("7 to 90 days", 7.0, 90.0), ("older", 90.0, 1e9))


class AskPosts(Asked):
    minutes: int = Field(default=10, ge=1, le=60)


class AskPost(Asked):
    post_id: str = Field(min_length=1, max_length=20)
    minutes: int = Field(default=10, ge=1, le=60)


def find_post(post_id: str) -> str:
    """The title of a post, or NotFound with the ids there are."""
    if post_id not in POSTS:
        raise NotFound(f"no post {post_id!r}; known: {', '.join(POSTS)}")
    return POSTS[post_id]


def friction_out(world: World, post_id: str) -> FrictionOut:
    friction = world.social.friction(post_id)
    return FrictionOut(seconds=friction.seconds, expires_at=iso_or_none(friction.expires_at))


def list_posts(world: World, asked: AskPosts) -> PostList:
    """Posts by their replies in the window."""
    since = world.at - asked.minutes * 60
    posts = [
        PostSummary(
            post_id=post_id,
            title=title,
            replies=len(world.social.since(post_id, since)),
            replies_per_minute_now=_per_minute(len(world.social.since(post_id, world.at - NOW_SECONDS))),
        )
        for post_id, title in POSTS.items()
    ]
    return PostList(start=iso(since), end=iso(world.at), posts=sorted(posts, key=lambda post: -post.replies))


def _per_minute(count: int) -> int:
    return count * 60 // NOW_SECONDS


def _group(name: str, low: float, high: float, replies: list[Reply]) -> AgeGroup:
    inside = [reply for reply in replies if low <= reply.account.age_days < high]
    return AgeGroup(age=name, accounts=len({reply.account.id for reply in inside}), replies=len(inside))


def post_activity(world: World, asked: AskPost) -> PostActivity:
    """Who replies to one post, how fast, and how old the accounts are."""
    title = find_post(asked.post_id)
    since = world.at - asked.minutes * 60
    replies = world.social.since(asked.post_id, since)
    accounts = {reply.account.id: reply.account for reply in replies}
    young = {id_ for id_, account in accounts.items() if account.age_days < NEW_ACCOUNT_DAYS}
    others = [post for post in POSTS if post != asked.post_id]
    usual = sum(len(world.social.since(post, world.at - USUAL_SECONDS)) for post in others)
    refused = sum(
        cell.refused
        for key, cell in world.counters.by_key(world.at, NOW_SECONDS, "social").items()
        if key.endpoint == REPLY
    )
    return PostActivity(
        post_id=asked.post_id,
        title=title,
        start=iso(since),
        end=iso(world.at),
        replies=len(replies),
        accounts=len(accounts),
        new_accounts=len(young),
        new_share=round(sum(reply.account.id in young for reply in replies) / len(replies), 4) if replies else 0.0,
        median_age_days=round(median(account.age_days for account in accounts.values()), 1) if accounts else 0.0,
        ages=[_group(name, low, high, replies) for name, low, high in AGES],
        usual_per_minute=round(usual / len(others) / (USUAL_SECONDS / 60), 1),
        now=RepliesNow(
            seconds=NOW_SECONDS,
            replies_per_minute=_per_minute(len(world.social.since(asked.post_id, world.at - NOW_SECONDS))),
            refused_per_minute=_per_minute(refused),
        ),
        friction=friction_out(world, asked.post_id),
    )


READS = (
    Operation(
        id="listPosts",
        method="GET",
        path="/posts",
        tag="social",
        summary="Posts by how many replies they got.",
        takes=AskPosts,
        gives=PostList,
        handle=list_posts,
        example={"minutes": 10},
    ),
    Operation(
        id="getPostActivity",
        method="GET",
        path="/posts/{post_id}/activity",
        tag="social",
        summary="Who replies to one post, how fast, and how old the accounts are.",
        takes=AskPost,
        gives=PostActivity,
        handle=post_activity,
        example={"post_id": "p-105", "minutes": 10},
    ),
)
