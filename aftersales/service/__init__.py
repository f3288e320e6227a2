"""平台客服工单 (S-50): no case and no steps; a question, answers, and a deadline for the platform."""
