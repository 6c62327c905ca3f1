"""A message of ours that one person sees: in the thread it is about, or directly where they are no member."""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.cards.blocks import Card
from storage.records import Post

_ELSEWHERE = ("user_not_in_channel", "channel_not_found", "not_in_channel")


async def whisper(client: AsyncWebClient, post: Post, card: Card) -> str:
    """Its ts. Slack finds no such message again, so after a doubt it is shown twice, which does no harm."""
    to, blocks = str(post.body.get("to", "")), list(card.blocks)
    try:
        answer = await client.chat_postEphemeral(
            channel=post.channel, user=to, thread_ts=post.thread_ts or None, text=card.text, blocks=blocks
        )
    except SlackApiError as error:
        if error.response["error"] not in _ELSEWHERE:
            raise
        opened = await client.conversations_open(users=to)
        direct = await client.chat_postMessage(channel=str(opened["channel"]["id"]), text=card.text, blocks=blocks)
        return str(direct["ts"])
    return str(answer["message_ts"])
