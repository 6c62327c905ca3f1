"""The shop's totals in Prometheus text format."""

from bot.demo.shop.counters import Cell
from bot.demo.shop.world import World


def metrics_text(world: World) -> str:
    """Counters since the start and gauges of now."""
    lines = ["# HELP shop_requests_total Requests answered.", "# TYPE shop_requests_total counter"]
    for key, cell in sorted(world.counters.totals.items(), key=lambda row: (row[0].component, row[0].endpoint)):
        for outcome, count in _outcomes(cell).items():
            labels = f'component="{key.component}",endpoint="{key.endpoint}",flag="{key.flag}",outcome="{outcome}"'
            lines.append(f"shop_requests_total{{{labels}}} {count}")
    gauges = (
        ("shop_queue_lag", "Orders not yet in analytics.", world.pipeline.lag()),
        ("shop_retry_backlog", "Failed orders that will be sent again.", len(world.checkout.backlog)),
    )
    for name, about, value in gauges:
        lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge", f"{name} {value}"]
    lines += ["# HELP shop_flag_percent Share of customers a flag is on for.", "# TYPE shop_flag_percent gauge"]
    lines += [f'shop_flag_percent{{flag="{flag.name}"}} {flag.percent if flag.on else 0}' for flag in world.flags.all()]
    return "\n".join(lines) + "\n"


def _outcomes(cell: Cell) -> dict[str, int]:
    return {"ok": cell.requests - cell.errors - cell.refused, "error": cell.errors, "refused": cell.refused}
