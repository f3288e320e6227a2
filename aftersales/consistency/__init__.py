"""核对: every case is held against its own history, queues and mirrors; see ``checking``."""
