"""The bot's own files: what no program of a tool may open, whatever a manifest declares."""

from pathlib import Path

from bot.settings import Settings

_BESIDE_SQLITE = ("", "-wal", "-shm", "-journal")


def private_files(config: Settings) -> tuple[str, ...]:
    """Its home, database, keys, secret stores and environment files, as whole paths; some may not be there."""
    own = [config.home, config.audit_key_file, config.operator_secrets, config.operator_backups]
    kind, _, path = config.database.partition(":///")
    if kind.startswith("sqlite"):
        own += [Path(f"{path}{end}") for end in _BESIDE_SQLITE]
    here = [file for file in Path.cwd().glob(".env*") if file.is_file()]
    return tuple(str(one.absolute()) for one in (*own, *here) if one is not None)
