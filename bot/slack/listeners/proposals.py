"""Listeners for the buttons and modals of cards. A click is a claim: who is Slack's word, what is our record's."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.orchestrator.core import Orchestrator
from bot.orchestrator.requests import Edit, Said, Verdict
from bot.orchestrator.show import Showroom
from bot.slack import presses
from bot.slack.actions import ActionId, ActionRef, BlockId, CallbackId, Choice
from bot.slack.cards.details import details_modal
from bot.slack.cards.edit import edit_modal, edit_values
from bot.slack.cards.fields import block_id
from bot.slack.cards.grant import grant_modal
from bot.slack.cards.handover import handed_to, handover_modal
from bot.slack.cards.notice import notice
from bot.slack.cards.reject import reject_modal, reject_reason
from bot.slack.cards.submitted import FieldErrors
from bot.slack.replies import Replies
from storage.errors import NotFound
from storage.records import JsonObject
from tools.errors import SealBroken

_VERDICTS = {
    ActionId.IT_HAPPENED: Verdict.HAPPENED,
    ActionId.RUN_IT: Verdict.RUN_IT,
    ActionId.DROP_IT: Verdict.DROP,
}


def register(app: AsyncApp, orchestrator: Orchestrator, showroom: Showroom, replies: Replies) -> None:
    """Hang the listeners on the app. Votes are on disk before the ack."""

    @app.action(ActionId.APPROVE)
    async def approve(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = presses.press(body)
        if press is not None:
            replies.later(replies.answer(press, await orchestrator.approve(press.click)))
        await ack()

    @app.action(ActionId.UNDO)
    async def undo(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = presses.press(body)
        if press is not None:
            replies.later(replies.answer(press, await orchestrator.undo(press.click)))
        await ack()

    for action_id, verdict in _VERDICTS.items():
        _register_verdict(app, action_id, verdict, orchestrator, replies)

    @app.action(ActionId.REJECT)
    async def reject(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        if (press := presses.press(body)) is not None:
            replies.later(_open(press, orchestrator, showroom, replies, "reject"))

    @app.action(ActionId.EDIT)
    async def edit(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        if (press := presses.press(body)) is not None:
            replies.later(_open(press, orchestrator, showroom, replies, "edit"))

    @app.action(ActionId.DETAILS)
    async def details(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        if (press := presses.press(body)) is not None:
            replies.later(_open(press, orchestrator, showroom, replies, Choice.DETAILS))

    @app.action(ActionId.MORE)
    async def more(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = presses.press(body)
        if press is not None and press.choice is Choice.STOP:
            stopping = await orchestrator.stop_proposed(press.click)
            replies.later(replies.tell(press, notice("Stopping." if stopping else "This has ended already.")))
            await ack()
            return
        await ack()
        if press is not None:
            replies.later(_open(press, orchestrator, showroom, replies, press.choice or Choice.DETAILS))

    @app.view(CallbackId.REJECT)
    async def rejected(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = presses.submitted(body)
        if sent is None:
            await ack()
            return
        reason = reject_reason(sent.state_values)
        if isinstance(reason, FieldErrors):
            await ack(response_action="errors", errors=reason.errors)
            return
        answer = await orchestrator.reject(sent.click, reason)
        if answer.said in (Said.REFUSED, Said.STALE):
            await ack(response_action="errors", errors={BlockId.REASON: _one_line(answer.message, answer.hint)})
            return
        await ack()

    @app.view(CallbackId.HAND_OVER)
    async def handed(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = presses.submitted(body)
        if sent is None:
            await ack()
            return
        to = handed_to(sent.state_values)
        if isinstance(to, FieldErrors):
            await ack(response_action="errors", errors=to.errors)
            return
        answer = await orchestrator.hand_to(sent.click, to)
        if answer.said in (Said.REFUSED, Said.STALE):
            said = await replies.with_names(sent.click.tenant, answer.message)
            await ack(response_action="errors", errors={BlockId.PERSON: said[:1].upper() + said[1:]})
            return
        await ack()

    @app.view(CallbackId.EDIT)
    async def edited(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = presses.submitted(body)
        if sent is None:
            await ack()
            return
        fields, kept = await showroom.editable(sent.click.tenant, sent.click.proposal_id)
        typed = edit_values(sent.state_values, fields)
        if isinstance(typed, FieldErrors):
            await ack(response_action="errors", errors=typed.errors)
            return
        values: JsonObject = {**kept, **typed.values}
        changed: JsonObject = {name: value for name, value in values.items() if value is not None}
        answer = await orchestrator.edit(Edit(click=sent.click, arguments=changed))
        first = block_id(fields[0].name) if fields else ""
        if answer.said is Said.INVALID:
            known = {f.name for f in fields}
            errors = {block_id(name) if name in known else first: why for name, why in answer.fields}
            await ack(response_action="errors", errors=errors)
            return
        if answer.said in (Said.REFUSED, Said.STALE):
            await ack(response_action="errors", errors={first: _one_line(answer.message, answer.hint)})
            return
        await ack()


def _register_verdict(
    app: AsyncApp, action_id: ActionId, verdict: Verdict, orchestrator: Orchestrator, replies: Replies
) -> None:
    @app.action(action_id)
    async def said(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = presses.press(body)
        if press is not None:
            replies.later(replies.answer(press, await orchestrator.resolve(press.click, verdict)))
        await ack()


async def _open(
    press: presses.Press, orchestrator: Orchestrator, showroom: Showroom, replies: Replies, what: str
) -> None:
    """Open the modal a press asks for; its ticket lives three seconds. One that asks is not opened when it is over."""
    if (copy := await orchestrator.misplaced(press.click)) is not None:
        await replies.answer(press, copy)
        return
    if what != Choice.DETAILS and (over := await orchestrator.stale(press.click)) is not None:
        await replies.answer(press, over)
        return
    ref = ActionRef(proposal_id=press.click.proposal_id, fence=press.ref.fence)
    tenant = press.click.tenant
    try:
        match what:
            case "edit":
                view, _task = await showroom.edit(tenant, ref.proposal_id)
                await replies.open(tenant, press.trigger_id, edit_modal(view))
            case "reject":
                shown = await showroom.approval(tenant, ref.proposal_id)
                await replies.open(tenant, press.trigger_id, reject_modal(ref, shown.says))
            case Choice.HAND_OVER:
                shown = await showroom.approval(tenant, ref.proposal_id)
                needs = " and ".join(need.in_words for need in shown.needs)
                await replies.open(tenant, press.trigger_id, handover_modal(ref, shown.says, needs))
            case Choice.GRANT:
                shown = await showroom.approval(tenant, ref.proposal_id)
                await replies.open(tenant, press.trigger_id, grant_modal(ref, shown.says, shown.grants))
            case Choice.DRY_RUN:
                found = await showroom.preview_now(tenant, ref.proposal_id)
                await replies.tell(press, notice(found))
            case _:
                shown = await showroom.approval(tenant, ref.proposal_id)
                sealed = await showroom.sealed_text(tenant, ref.proposal_id)
                await replies.open(tenant, press.trigger_id, details_modal(shown, sealed))
    except (NotFound, SealBroken) as error:
        await replies.tell(press, notice(str(error)))


def _one_line(message: str, hint: str) -> str:
    return f"{message}; {hint}" if hint else message
