"""The copy of a sealed call is emptied with the call: in the transaction of an erasure, and to nothing else."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_MAY = (
    "new.tenant = old.tenant and new.id = old.id and new.sealed = '' "
    "and exists (select 1 from erasing where erasing.tenant = old.tenant)"
)


def upgrade() -> None:
    _guard(_MAY)


def downgrade() -> None:
    _guard("1 = 0")


def _guard(may: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"""create or replace function seals_append_only() returns trigger language plpgsql as
            $$ begin
                if tg_op = 'UPDATE' then
                    if {may} then return new; end if;
                end if;
                raise exception 'seals is append-only';
            end $$"""
        )
        return
    op.execute("drop trigger seals_no_update")
    op.execute(
        f"""create trigger seals_no_update before update on seals when not ({may})
        begin select raise(abort, 'seals is append-only'); end"""
    )
