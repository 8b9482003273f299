"""What the shop's API takes and gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

Price = Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=2)]


class NewItem(BaseModel):
    """An item as a client sends it."""

    name: str = Field(min_length=1, max_length=40)
    price: Price
    stock: int = Field(default=0, ge=0)


class Item(NewItem):
    """An item as the shop knows it."""

    id: int


class OrderForm(BaseModel):
    """The fields of the order form."""

    item_id: int
    quantity: int = Field(ge=1, le=99)


class Order(BaseModel):
    """An accepted order."""

    number: int
    item: Item
    quantity: int

    @property
    def total(self) -> Decimal:
        """What the customer pays."""
        return self.item.price * self.quantity
