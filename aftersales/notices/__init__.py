"""通知: events become notices in the app, and e-mails."""
