"""退款支付: refunds go out here, outside every transition, under their own fixed number."""

from aftersales.payments.paying import pay, pay_due

__all__ = ["pay", "pay_due"]
