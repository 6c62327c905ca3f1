"""What every command starts with: the settings, and logs that cannot carry a secret."""

from bot import settings
from bot.settings import Settings


def configured(*, quiet: bool = False) -> Settings:
    """The settings of this process, with logging set up; `quiet` leaves only warnings, for commands that print.

    Raises:
        BadSettings: a variable's value does not fit.
    """
    from bot import logs
    from policy.redaction import Redactor

    config = settings.read()
    level = "WARNING" if quiet and config.log_level.upper() in ("DEBUG", "INFO") else config.log_level
    logs.set_up(level=level, fmt=config.log_format, redactor=Redactor.load(config.redaction_rules))
    return config
