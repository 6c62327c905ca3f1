"""Alembic's entry: runs on the connection that storage/migrate.py hands over."""

from alembic import context

from storage.tables import metadata

for table in metadata.tables.values():
    for index in table.indexes:
        if (where := index.dialect_options["sqlite"]["where"]) is not None:
            index.dialect_options["postgresql"]["where"] = where

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
