"""What the buyers' pages say of orders and cases, as plain values; nothing here changes anything."""
