"""A number over time as a picture, drawn in a process of its own: matplotlib would stay in the bot's memory for good.

On an opaque, light ground, so that it reads the same in light and dark mode.
"""

import datetime as dt
import json
import sys
from typing import Any

from bot.lifecycle.series import Series
from bot.schedules.chart import FAINT, GROUND, INK, in_child

_LINE = "#1f5fa8"


def shown(value: float, unit: str) -> str:
    """A value with its unit, as people write it."""
    if unit.startswith("share"):
        return f"{100 * value:.3g} %"
    text = f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{text} {unit}".strip()


def alt_text(series: Series) -> str:
    """What the picture shows, for who cannot see it."""
    (began, first), (ended, last) = series.points[0], series.points[-1]
    peak_at, peak = max(series.points, key=lambda point: point[1])
    low = min(value for _, value in series.points)
    return (
        f"Line of {series.name} from {_clock(began)} to {_clock(ended)} UTC: {shown(first, series.unit)} at first, "
        f"{shown(last, series.unit)} at the end; highest {shown(peak, series.unit)} at {_clock(peak_at)}, "
        f"lowest {shown(low, series.unit)}"
    )


async def draw(series: Series) -> bytes:
    """The picture as PNG.

    Raises:
        ChartFailed: the process ended without one.
    """
    share = series.unit.startswith("share")
    return await in_child(
        "bot.slack.series_chart",
        json.dumps(
            {
                "unit": "%" if share else series.unit,
                "at": [at for at, _ in series.points],
                "values": [100 * value if share else value for _, value in series.points],
            }
        ),
    )


def _clock(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%H:%M")


def _draw(told: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import dates, pyplot

    asked = json.loads(told)
    moments: Any = [dt.datetime.fromtimestamp(at, dt.UTC) for at in asked["at"]]
    figure, axes = pyplot.subplots(figsize=(6, 3), dpi=200, facecolor=GROUND, layout="constrained")
    axes.set_facecolor(GROUND)
    axes.plot(moments, asked["values"], color=_LINE, linewidth=2)
    axes.fill_between(moments, asked["values"], color=_LINE, alpha=0.12)
    axes.margins(x=0)
    lowest = min(0.0, *asked["values"])
    axes.set_ylim(lowest, max(1e-9, *asked["values"]) * 1.1)
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
