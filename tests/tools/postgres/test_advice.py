"""Which statements an index would help: those that look for a value, not those that write one."""

import pytest

from tools.postgres.advice import looks_up


@pytest.mark.parametrize(
    ("statement", "column", "helps"),
    [
        ("select id from shop.orders where customer = $?", "customer", True),
        ('SELECT id FROM orders\n  WHERE id > $1 AND "customer" = $2', "customer", True),
        ("update shop.orders set note = ? where id = ?", "note", False),
        ("update shop.orders set note = ? where customer = ?", "customer", True),
        ("insert into orders select ? where ? = customer", "customer", False),
        ("select customer = $1 from orders", "customer", False),
        ("select id from orders where old_customer = $1", "customer", False),
    ],
)
def test_only_a_look_up_lacks_an_index(statement: str, column: str, helps: bool) -> None:
    assert looks_up(statement, column) is helps
