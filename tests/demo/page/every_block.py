"""Every block type with the same text in each place that takes text."""

from typing import Any

Json = dict[str, Any]


def every_block(words: str) -> list[Json]:
    """Blocks whose every text, label, option and address is `words`."""
    plain = {"type": "plain_text", "text": words}
    marked = {"type": "mrkdwn", "text": words}
    option = {"text": plain, "value": words, "description": plain}
    image = {"type": "image", "image_url": words, "alt_text": words}
    confirm = {"title": plain, "text": marked, "confirm": plain, "deny": plain}
    button = {"type": "button", "action_id": "b", "text": plain, "value": words, "confirm": confirm}
    leaf = {"type": "text", "text": words, "style": {"bold": True}}
    section = {"type": "rich_text_section", "elements": [leaf, {"type": "link", "url": words, "text": words}]}
    rich = {
        "type": "rich_text",
        "elements": [
            section,
            {"type": "rich_text_list", "style": "bullet", "elements": [section]},
            {"type": "rich_text_quote", "elements": [leaf, {"type": "usergroup", "usergroup_id": words}]},
            {"type": "rich_text_preformatted", "elements": [leaf, {"type": "emoji", "name": words}]},
        ],
    }
    sources = [{"type": "url", "url": words, "text": words}]
    task = {
        "type": "task_card",
        "task_id": words,
        "title": words,
        "status": "complete",
        "details": rich,
        "output": rich,
        "sources": sources,
    }
    feedback = {"text": plain, "value": words, "accessibility_label": words}
    card = {
        "type": "card",
        "icon": image,
        "title": marked,
        "subtitle": marked,
        "body": marked,
        "hero_image": image,
        "actions": [button],
    }
    choosers = [
        {"type": kind, "action_id": kind, "options": [option], "placeholder": plain}
        for kind in ("static_select", "multi_static_select", "checkboxes", "radio_buttons", "overflow")
    ]
    typed = [
        {"type": kind, "action_id": kind, "placeholder": plain, "initial_value": words}
        for kind in ("plain_text_input", "number_input", "email_text_input", "url_text_input")
    ]
    moments = [{"type": kind, "action_id": kind} for kind in ("datepicker", "timepicker", "datetimepicker")]
    return [
        {"type": "section", "text": marked, "fields": [marked, plain], "accessory": button},
        {"type": "section", "text": plain, "accessory": image},
        {"type": "header", "text": plain},
        {"type": "divider"},
        {**image, "title": plain},
        {"type": "actions", "elements": [button, {**button, "url": words}, *choosers, *moments]},
        {"type": "context", "elements": [marked, plain, image]},
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": feedback,
                    "negative_button": feedback,
                },
                {"type": "icon_button", "action_id": "i", "icon": words, "text": plain, "accessibility_label": words},
            ],
        },
        *(
            {"type": "input", "label": plain, "hint": plain, "element": field}
            for field in [*typed, *choosers[:4], *moments, {"type": "users_select", "action_id": "u"}]
        ),
        {"type": "markdown", "text": words},
        {
            "type": "markdown",
            "text": f"| {words} |\n|---|\n| {words} |\n\n- {words}\n\n[{words}]({words})\n```\n{words}",
        },
        rich,
        {"type": "table", "rows": [[{"type": "raw_text", "text": words}], [rich]]},
        task,
        {"type": "plan", "title": words, "tasks": [task]},
        {"type": "alert", "level": words, "text": marked},
        card,
        {"type": "carousel", "elements": [card]},
        {
            "type": "container",
            "title": plain,
            "subtitle": plain,
            "icon": image,
            "is_collapsible": True,
            "child_blocks": [{"type": "section", "text": marked}],
        },
        {"type": words, "text": plain},
    ]
