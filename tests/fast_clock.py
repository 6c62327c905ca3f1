"""Time for the demo's shop that runs faster than ours, so that its error rates need not be waited for."""

import time


class FastClock:
    """Begins `behind` seconds ago; runs `speed` times as fast as the wall's; can be moved forward."""

    def __init__(self, speed: float, *, behind: float = 0.0) -> None:
        self._began, self._speed, self._ahead = time.time(), speed, -behind

    def __call__(self) -> float:
        return self._began + (time.time() - self._began) * self._speed + self._ahead

    def forward(self, seconds: float) -> None:
        self._ahead += seconds
