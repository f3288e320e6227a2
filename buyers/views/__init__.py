"""The buyers' pages, in the order in which a buyer meets them."""
