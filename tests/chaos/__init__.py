"""Seeded chaos: the whole bot as processes that die, lose their database, and live in the wrong hour. `make chaos`."""
