"""订单导入: order files of the marketplaces, read, checked and brought in; start at ``jobs``."""
