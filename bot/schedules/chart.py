"""The weekly digest's chart, drawn in a process of its own: matplotlib would stay in the bot's memory for good.

On an opaque, light ground, so that it reads the same in light and dark mode; series differ by hatching, not by colour
alone.
"""

import asyncio
import json
import os
import sys

from bot.schedules.autonomy import AutonomyView

GROUND, INK, FAINT = "#ffffff", "#1d1c1d", "#d7d7db"
STYLES = {
    "approved": ("#1f6f54", ""),
    "rejected": ("#b3261e", "//"),
    "unanswered": ("#8a6100", ".."),
    "ran alone": ("#1f5fa8", "\\\\"),
    "undone": ("#6b3fa0", "xx"),
}
"""colour and hatching; each colour has at least 4.5 to 1 against the ground"""
SECONDS = 60.0


class ChartFailed(Exception):
    """The chart could not be drawn; the digest is readable without it."""


def alt_text(view: AutonomyView) -> str:
    """What the chart shows, for who cannot see it."""
    first, last = view.days[0], view.days[-1]
    totals = ", ".join(f"{one.total} {one.name}" for one in view.series)
    busiest = max(range(len(view.days)), key=lambda n: sum(one.counts[n] for one in view.series))
    return (
        f"Stacked bars by day, {first:%d %B} to {last:%d %B} ({view.tz}): {totals}; "
        f"most on {view.days[busiest]:%A, %d %B}"
    )


async def draw(view: AutonomyView) -> bytes:
    """The chart as PNG.

    Raises:
        ChartFailed: the process ended without one.
    """
    told = json.dumps(
        {
            "days": [day.strftime("%a %d %b") for day in view.days],
            "series": [{"name": one.name, "counts": one.counts} for one in view.series],
            "tz": view.tz,
        }
    )
    return await in_child("bot.schedules.chart", told)


async def in_child(module: str, told: str) -> bytes:
    """The PNG that a module draws when it is run with `told` on its input.

    Raises:
        ChartFailed: the process ended without one.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},  # no credentials beside others' words
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            png, errors = await process.communicate(told.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        raise ChartFailed(f"the chart took longer than {SECONDS:.0f} s") from None
    if process.returncode or not png.startswith(b"\x89PNG"):
        raise ChartFailed(errors.decode(errors="replace")[-300:])
    return png


def _draw(told: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    asked = json.loads(told)
    figure, axes = pyplot.subplots(figsize=(8, 3.6), dpi=150, facecolor=GROUND, layout="constrained")
    axes.set_facecolor(GROUND)
    below = [0] * len(asked["days"])
    for series in asked["series"]:
        color, hatch = STYLES[series["name"]]
        axes.bar(
            asked["days"],
            series["counts"],
            bottom=below,
            color=color,
            hatch=hatch,
            edgecolor=GROUND,
            width=0.66,
            label=f"{series['name']} ({sum(series['counts'])})",
        )
        below = [sum(pair) for pair in zip(below, series["counts"], strict=True)]
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, max(1, *below) * 1.08)
    axes.set_ylabel("proposals and actions", color=INK)
    axes.set_xlabel(f"days in {asked['tz']}", color=INK)
    axes.tick_params(colors=INK)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(INK)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=5, frameon=False, labelcolor=INK, fontsize=9)
    figure.savefig(sys.stdout.buffer, format="png", facecolor=GROUND)


if __name__ == "__main__":
    _draw(sys.stdin.read())
