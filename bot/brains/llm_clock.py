"""The time limits of one turn with a model."""

import asyncio


class TurnClock:
    """The three limits of one turn: until the first event, between chunks, and for the whole."""

    def __init__(self, *, first: float, idle: float, turn: float) -> None:
        self._now = asyncio.get_running_loop().time
        self._first, self._idle, self._turn = first, idle, turn
        self._began = self._now()
        self._heard = False

    def heard(self) -> None:
        """The first event came; from now on only gaps count."""
        self._heard = True

    def next_limit(self) -> tuple[float, str]:
        """When the step that begins now must be over, and what to say if it is not."""
        whole = self._began + self._turn
        if self._heard:
            step, why = self._now() + self._idle, f"went silent for {self._idle:g} s in the middle of its answer"
        else:
            step, why = self._began + self._first, f"did not begin to answer within {self._first:g} s"
        if whole < step:
            return whole, f"did not finish its answer within {self._turn:g} s"
        return step, why
