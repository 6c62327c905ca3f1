"""What operators set. The one place that reads the environment; everything else is handed its values."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_PROVIDER_KEYS = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "AZURE_API_KEY",
    "MISTRAL_API_KEY",
    "GROQ_API_KEY",
    "DEEPSEEK_API_KEY",
    "OPENROUTER_API_KEY",
    "AWS_ACCESS_KEY_ID",
    "XAI_API_KEY",
)


class BadSettings(Exception):
    """A setting cannot be used; the message names the variable, never its value."""


class Settings(BaseSettings):
    """Every setting, with its environment variable (AUTOPILOT_…, and the names Slack's own tools use)."""

    model_config = SettingsConfigDict(env_prefix="AUTOPILOT_", extra="ignore", populate_by_name=True)

    home: Path = Path(".autopilot")
    """where the embedded database and caches live"""
    database_url: str = ""
    """sqlite:///… or postgresql+asyncpg://…; empty: SQLite under `home`"""
    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    """bot token, xoxb-…"""
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    """app-level token with connections:write, xapp-…"""
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    """with it and without SLACK_APP_TOKEN, Slack comes by signed HTTP to /slack/events on the console's port"""
    slack_old_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_OLD_SIGNING_SECRET")
    """while the signing secret is replaced: the one before, good until the next setting says"""
    slack_old_signing_secret_until: AwareDatetime | None = Field(
        default=None, validation_alias="SLACK_OLD_SIGNING_SECRET_UNTIL"
    )
    """when the old one stops being good, with its time zone: 2030-01-31T18:00:00Z"""
    slack_client_id: str = Field(default="", validation_alias="SLACK_CLIENT_ID")
    """with it, and without SLACK_BOT_TOKEN, workspaces install the app at /slack/install (several-workspaces.md)"""
    slack_client_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_CLIENT_SECRET")
    """its secret"""
    slack_workspaces: Annotated[tuple[str, ...], NoDecode] = ()
    """who may install it: ids of workspaces (T…) and organisations (E…); *: everybody"""
    token_keys: SecretStr | None = None
    """keys that their tokens are encrypted with, separated by commas; the first one encrypts"""
    slack_api_url: str = "https://slack.com/api/"
    """where Slack's Web API is; another one for tests and the demo"""
    model: str = ""
    """a litellm model name, e.g. anthropic/claude-sonnet-4-5; empty: the rules brain"""
    model_api_base: str = ""
    """address of a model server of your own"""
    model_api_key: SecretStr | None = None
    """its key; the providers' own variables work too, e.g. ANTHROPIC_API_KEY"""
    ask_consent: bool = True
    """with a cloud model: ask each person once before what they write is sent; false: your company agreed for them"""
    agent_file: Path | None = None
    """the agent: charter, prompt, tools, limits; empty: bot/agent/agents/autopilot.yaml"""
    agents: Annotated[tuple[Path, ...], NoDecode] = ()
    """folders with agents of your own (YAML), beside those that ship, to choose among in /autopilot settings"""
    policy_dir: Path | None = None
    """rules (*.cedar) and their cases.yaml; empty: policy/rules"""
    autonomy_file: Path | None = None
    """levels, change freezes and budgets; empty: policy/autonomy.yaml"""
    risk_file: Path | None = None
    """what adds to a call's risk; empty: policy/risk.yaml"""
    redaction_rules: Path | None = None
    """a TOML file as gitleaks reads it: patterns that are masked besides those that ship"""
    waiting_file: Path | None = None
    """reminders, escalation and quiet hours of proposals that wait; empty: policy/waiting.yaml"""
    people_file: Path | None = None
    """who is in which group, for 'autopilot ask': YAML, `people: {ana: [operators]}`; in Slack, user groups say it"""
    groups: Annotated[tuple[str, ...], NoDecode] = ("operators", "sre", "sre-leads", "support")
    """user groups that policy rules may name"""
    halt_groups: Annotated[tuple[str, ...], NoDecode] = ("operators", "sre", "sre-leads")
    """user groups whose members may halt everything in the workspace, and lift it; its admins may, too"""
    admin_groups: Annotated[tuple[str, ...], NoDecode] = ("sre-leads",)
    """user groups whose members may change schedules and settings; the workspace's admins may, too"""
    groups_file: Path | None = None
    """who is in which group, by on-call schedules and lists (YAML, who-may-approve.md); empty: Slack user groups"""
    manifests: Annotated[tuple[Path, ...], NoDecode] = ()
    """tool manifests (YAML); empty: those of the shop and the product operations, when they are configured"""
    tool_packages: Annotated[tuple[str, ...], NoDecode] = ()
    """installed packages with tools, by the names of their entry points; others are not imported"""
    tool_environment: Annotated[tuple[str, ...], NoDecode] = ()
    """variables these packages see, as package:VARIABLE; they see nothing else of the environment"""
    tool_network: Literal["declared", "host"] = "declared"
    """host: these packages keep the network, whether or not they declare `egress`"""
    tool_reads: Annotated[tuple[str, ...], NoDecode] = ()
    """files and folders they may read, as package:PATH, besides the system's own and Python's"""
    tool_writes: Annotated[tuple[str, ...], NoDecode] = ()
    """files and folders they may read and write, as package:PATH"""
    tool_files: Literal["declared", "host"] = "declared"
    """host: they open whatever the bot's user may, for machines without Landlock"""
    skills: Annotated[tuple[Path, ...], NoDecode] = ()
    """folders with skills of your own, beside those that ship (write-a-skill.md)"""
    operator_database_url: SecretStr | None = None
    """a PostgreSQL that the bot looks after, postgresql://role:password@host/database; never the bot's own role"""
    operator_secrets: Path | None = None
    """a folder that is the secret store of rotated database passwords; empty: passwords are not rotated"""
    operator_vault: str = ""
    """a Vault (KV version 2) that is that store instead: https://vault.example/MOUNT/PATH"""
    operator_vault_token: SecretStr | None = None
    """its token: create, update and delete of data and metadata below that path, read of metadata only"""
    operator_backups: Path | None = None
    """a folder for proven dumps of that database; empty: no backups are made"""
    operator_programs: Path | None = None
    """the folder of pg_dump and pg_restore; empty: those of PATH"""
    env: str = "prod"
    """the environment that requests are about: dev, staging or prod"""
    ops_channel: str = ""
    """channel id for digests and for cards of direct messages; empty: digests come where the command was given"""
    every_card_to_ops: bool = False
    """post every approval card in ops_channel as well, not only those of direct messages"""
    digest_cron: str = "0 9 * * 1-5"
    """when the digest comes"""
    digest_tz: str = "UTC"
    """time zone of digest_cron, e.g. Europe/Berlin"""
    console_port: int = Field(default=8770, ge=0, le=65535)
    """console, evidence, /healthz and /readyz, on 127.0.0.1"""
    console_url: str = ""
    """address people can open; empty: http://127.0.0.1:<console_port>"""
    step_up_key: SecretStr | None = None
    """from 'autopilot approvers key': with it and console_url, second factors can be proven; old keys behind commas"""
    oidc_issuer: str = ""
    """OpenID Connect provider at which approvers can prove a second factor; empty: authenticator apps only"""
    oidc_client_id: str = ""
    """this bot's name there; its redirect address is <console_url>/step-up/oidc/callback"""
    oidc_client_secret: SecretStr | None = None
    """its secret there"""
    oidc_acr: str = ""
    """what the provider must say about how somebody logged in (the acr claim); empty: anything"""
    link_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """hosts that links in answers may lead to ("*.example.com": those below one); others are made dead: hxxps://…"""
    detection_file: Path | None = None
    """series to watch, and from where on they are out of place (YAML, detection.md); empty: none"""
    alert_secret: SecretStr | None = None
    """what Alertmanager, Grafana and your own scripts prove themselves with to /alerts; empty: no such door"""
    pagerduty_secret: SecretStr | None = None
    """signing secret of the PagerDuty webhook; empty: no such door"""
    requests_per_minute: int = Field(default=10, ge=1)
    """requests begun in a channel in a minute; more wait their turn. Admins can change it for a channel"""
    audit_key: SecretStr | None = None
    """private key that signs audit checkpoints, as 'autopilot audit key --new FILE' writes it"""
    audit_key_file: Path | None = None
    """file that holds it, instead"""
    audit_publish: Annotated[tuple[str, ...], NoDecode] = ()
    """where checkpoints go: slack:CHANNEL, file:PATH, dir:PATH (a mounted object store)"""
    audit_checkpoint_minutes: float = Field(default=60.0, gt=0)
    """between two checkpoints of a record that grew"""
    keep_words_days: float = Field(default=0.0, ge=0)
    """days that an ended task's text and transcript are kept; 0: for good (erase.md)"""
    keep_results_days: float = Field(default=0.0, ge=0)
    """days that results (evidence) of ended tasks are kept; their hashes stay; 0: for good"""
    keep_posts_days: float = Field(default=0.0, ge=0)
    """days that the bot remembers which message of its own showed what; 0: for good"""
    keep_cases_days: float = Field(default=0.0, ge=0)
    """days that evaluation cases are kept; 0: for good"""
    keep_record_days: float = Field(default=0.0, ge=0)
    """days that entries of the record say who said what; then only which tools ran by which rules; 0: for good"""
    keep_deliveries_days: float = Field(default=7.0, ge=1)
    """days that names of Slack's deliveries are kept, so that none is taken twice"""
    erasures_file: Path | None = None
    """the list that 'autopilot erase' keeps, to repeat it after an older backup was restored; keep it elsewhere"""
    lease_seconds: float = Field(default=12.0, gt=1)
    """a dead replica's task is taken over after this"""
    log_level: str = "INFO"
    """DEBUG | INFO | WARNING | ERROR"""
    log_format: str = "text"
    """text | json"""
    shop_url: str = Field(default="", validation_alias="SHOP_URL")
    """address of the sample shop; set by the demo, with SHOP_TOKEN"""
    product_url: str = Field(default="", validation_alias="PRODUCT_URL")
    """address of a product that answers tools/manifests/product.openapi.json, with PRODUCT_TOKEN"""

    @field_validator(
        "groups",
        "slack_workspaces",
        "halt_groups",
        "manifests",
        "skills",
        "agents",
        "audit_publish",
        "tool_packages",
        "tool_environment",
        "tool_reads",
        "tool_writes",
        "admin_groups",
        "link_hosts",
        mode="before",
    )
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("*", mode="before")
    @classmethod
    def _names_a_path(cls, value: object, info: ValidationInfo) -> object:
        """Set to nothing, a path is not set: Path("") would be the folder we are in. An empty list stays one."""
        field = cls.model_fields[info.field_name or ""]
        return field.default if value == "" and field.annotation in (Path, Path | None) else value

    @field_validator("tool_environment")
    @classmethod
    def _names_variables(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for said in value:
            package, _, variable = said.partition(":")
            if not package or not variable.isidentifier():
                raise ValueError(f"{said!r} is not package:VARIABLE, like queues:QUEUE_TOKEN")
            if variable.startswith(("AUTOPILOT_", "SLACK_")):
                raise ValueError(f"{variable!r} is the bot's own; give the package a variable of its own")
        return value

    @field_validator("tool_reads", "tool_writes")
    @classmethod
    def _names_paths(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for said in value:
            package, _, path = said.partition(":")
            if not package or not path.startswith("/"):
                raise ValueError(f"{said!r} is not package:PATH, like queues:/srv/queues")
        return value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'autopilot.db'}"

    @property
    def second_factor(self) -> bool:
        """Whether approvers have a way to prove one: a key, and a console that they can open."""
        return bool(self.step_up_key and self.step_up_key.get_secret_value() and self.console_url)

    @property
    def console(self) -> str:
        return (self.console_url or f"http://127.0.0.1:{self.console_port}").rstrip("/")


def read(**overrides: object) -> Settings:
    """The settings of this process.

    Raises:
        BadSettings: a variable's value does not fit.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # overrides are checked like the environment
    except ValidationError as error:
        parts = []
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else "settings"
            variable = name if name.isupper() else f"AUTOPILOT_{name.upper()}"
            parts.append(f"{variable}: {problem['msg'].lower()}")
        raise BadSettings("; ".join(parts)) from None


def environment() -> Mapping[str, str]:
    """The raw environment, for tool sources that read their own tokens by the name their manifest gives."""
    return dict(os.environ)


def has_provider_key(settings: Settings) -> bool:
    """Whether some model provider's key is there (or an address of a server that needs none)."""
    if settings.model_api_key is not None or settings.model_api_base:
        return True
    return any(os.environ.get(name) for name in _PROVIDER_KEYS)
