"""A number over time as a picture, drawn in a process of its own: matplotlib would stay in the bot's memory for good.

On an opaque, light ground, so that it reads the same in light and dark mode.
"""

import datetime as dt
import json
import sys
from typing import Any

from bot.lifecycle.series import Curve, Series
from bot.schedules.chart import FAINT, GROUND, INK, in_child

_LINES = (
    ("#1f5fa8", "-"),
    ("#c2410c", "--"),
    ("#0f766e", "-."),
    ("#7e22ce", ":"),
    ("#57534e", (0, (5, 1, 1, 1, 1, 1))),
)
"""colour and stroke, so that curves can be told apart without colours"""


def shown(value: float, unit: str) -> str:
    """A value with its unit, as people write it."""
    if unit.startswith("share"):
        return f"{100 * value:.3g} %"
    text = f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{text} {unit}".strip()


def alt_text(series: Series) -> str:
    """What the picture shows, for who cannot see it."""
    first = series.curves[0].points
    when = f"{series.name} from {_clock(first[0][0])} to {_clock(first[-1][0])} UTC"
    if len(series.curves) == 1:
        return f"Line of {when}: {_told(series.curves[0], series.unit)}"
    told = "; ".join(f"{curve.label or 'without a label'}: {_told(curve, series.unit)}" for curve in series.curves)
    return f"{len(series.curves)} lines of {when}. {told}" + (
        f". {series.more} more are left out" if series.more else ""
    )


def _told(curve: Curve, unit: str) -> str:
    peak_at, peak = max(curve.points, key=lambda point: point[1])
    low = min(value for _, value in curve.points)
    return (
        f"{shown(curve.points[0][1], unit)} at first, {shown(curve.points[-1][1], unit)} at the end; "
        f"highest {shown(peak, unit)} at {_clock(peak_at)}, lowest {shown(low, unit)}"
    )


async def draw(series: Series) -> bytes:
    """The picture as PNG.

    Raises:
        ChartFailed: the process ended without one.
    """
    share = series.unit.startswith("share")
    curves = [
        {
            "label": curve.label,
            "at": [at for at, _ in curve.points],
            "values": [100 * value if share else value for _, value in curve.points],
        }
        for curve in series.curves
    ]
    return await in_child(
        "bot.slack.series_chart", json.dumps({"unit": "%" if share else series.unit, "curves": curves})
    )


def _clock(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%H:%M")


def _draw(told: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import dates, pyplot

    asked = json.loads(told)
    figure, axes = pyplot.subplots(figsize=(6, 3), dpi=200, facecolor=GROUND, layout="constrained")
    axes.set_facecolor(GROUND)
    curves, every = asked["curves"], [value for curve in asked["curves"] for value in curve["values"]]
    for place, curve in enumerate(curves):
        moments: Any = [dt.datetime.fromtimestamp(at, dt.UTC) for at in curve["at"]]
        color, style = _LINES[place % len(_LINES)]
        # A label that begins with an underscore would be left out, and a dollar would begin a formula.
        label = f"\u200b{curve['label']}".replace("$", "\\$")
        axes.plot(moments, curve["values"], color=color, linestyle=style, linewidth=2, label=label)
        if len(curves) == 1:
            axes.fill_between(moments, curve["values"], color=color, alpha=0.12)
    if len(curves) > 1:
        axes.legend(loc="best", fontsize="small", labelcolor=INK, facecolor=GROUND, edgecolor=FAINT)
    axes.margins(x=0)
    axes.set_ylim(min(0.0, *every), max(1e-9, *every) * 1.1)
    locator: Any = dates.AutoDateLocator()  # type: ignore[no-untyped-call]  # matplotlib ships it so
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # as above
    axes.set_ylabel(asked["unit"], color=INK)
    axes.set_xlabel("UTC", color=INK)
    axes.tick_params(colors=INK)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(INK)
    figure.savefig(sys.stdout.buffer, format="png", facecolor=GROUND)


if __name__ == "__main__":
    _draw(sys.stdin.read())
