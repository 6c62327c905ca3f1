"""The product operations together: what `tools/manifests/product.openapi.json` describes."""

from bot.demo.shop.operation import Operation
from bot.demo.shop.product import reads, trail, writes_members, writes_product

PRODUCT: tuple[Operation, ...] = (
    *reads.READS,
    *trail.READS,
    *writes_product.READS,
    *writes_members.WRITES,
    *writes_product.WRITES,
)
