"""Every write that really happened, and the answers kept for repeated idempotency keys."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

KEEP_KEYS = 10_000


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One applied write."""

    id: str
    at: float
    operation: str
    key: str
    arguments: str
    """canonical JSON"""


class KeyReused(Exception):
    """An idempotency key came back with other arguments."""

    def __init__(self, key: str, operation: str) -> None:
        super().__init__(f"idempotency key {key!r} was used for another request ({operation}); send a new key")


class Effects:
    """The ledger: same key, same answer, one effect."""

    def __init__(self) -> None:
        self.applied: list[Effect] = []
        self._answers: OrderedDict[str, tuple[str, str, str]] = OrderedDict()

    def once(
        self, *, key: str, operation: str, arguments: str, at: float, do: Callable[[Effect], str]
    ) -> tuple[str, bool]:
        """The answer to a write, and whether it is a replay. Without a key every request is a new effect.

        Raises:
            KeyReused: the key belongs to a different request.
        """
        if key and key in self._answers:
            known_operation, known_arguments, answer = self._answers[key]
            if (known_operation, known_arguments) != (operation, arguments):
                raise KeyReused(key, known_operation)
            return answer, True
        effect = Effect(id=f"e-{len(self.applied) + 1}", at=at, operation=operation, key=key, arguments=arguments)
        answer = do(effect)
        self.applied.append(effect)
        if key:
            self._answers[key] = (operation, arguments, answer)
            if len(self._answers) > KEEP_KEYS:
                self._answers.popitem(last=False)
        return answer, False
