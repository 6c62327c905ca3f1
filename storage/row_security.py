"""Row-level security on PostgreSQL: a transaction sees the rows of the tenant it was begun for, whatever its SQL says.

The second wall behind the `where tenant = …` of every query. `migrate` puts it around every table.
"""

from collections.abc import Iterator

SETTING = "autopilot.tenant"
"""set for one transaction by storage/db.py; PostgreSQL forgets it at the end of that"""
EVERYTHING = "*"
"""in place of a tenant: the narrow way of operators' commands and of migrations"""

# Asked once a statement, not once a row: a sub-select without references to the row is an InitPlan.
_SAID = f"(select current_setting('{SETTING}', true))"
_OWN = f"{_SAID} in (tenant, '{EVERYTHING}')"
_OF_A_SINK = "exists (select 1 from event_sinks where event_sinks.id = sink_id)"
_FOR_ALL = {"halts": f"tenant = '{EVERYTHING}'"}
"""rows that everybody may see and nobody may change: a halt of everything"""
_NOBODYS = f"{_SAID} = '{EVERYTHING}'"
_WITHOUT_TENANT = {"event_deliveries": _OF_A_SINK, "oauth_states": _NOBODYS}
"""tables whose rows belong to who owns another row, which is looked up under its own policy; or to nobody yet"""


def protect(table: str) -> Iterator[str]:
    """The statements that let a table show each tenant its own rows only, to its owner as well."""
    mine = _WITHOUT_TENANT.get(table, _OWN)
    yield f"alter table {table} enable row level security"
    yield f"alter table {table} force row level security"
    yield f"create policy own_rows on {table} using ({mine}) with check ({mine})"
    if seen := _FOR_ALL.get(table):
        yield f"create policy rows_for_all on {table} for select using ({seen})"


def unprotect(table: str) -> Iterator[str]:
    """The way back."""
    yield f"drop policy own_rows on {table}"
    if table in _FOR_ALL:
        yield f"drop policy rows_for_all on {table}"
    yield f"alter table {table} no force row level security"
    yield f"alter table {table} disable row level security"
