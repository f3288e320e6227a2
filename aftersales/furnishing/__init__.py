"""订单资料: what no export file says of an order, told by the shop or by staff (§1.5)."""
