"""What every table is made of."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text(name: str, *, default: str | None = None, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, default=default)


def spelled(value: str) -> sa.ColumnElement[str]:
    """A word of ours that stands in the statement itself: a partial index serves only who asks in its own words."""
    assert value.replace("_", "").isalpha()
    return sa.literal_column(f"'{value}'", sa.Text)


def time(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null)
