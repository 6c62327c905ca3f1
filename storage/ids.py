"""Ids that sort by time of birth and cannot be guessed."""

import secrets
import time


def new_id(prefix: str) -> str:
    """A fresh id such as `t_0192f0c1a2b37f31c0de…`: prefix, milliseconds, 64 random bits."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
