"""个人信息: what is dropped when nobody needs it any more, and how an account is erased (docs/privacy.md)."""
