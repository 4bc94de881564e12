"""What leaves: tables as files, now, later or on a schedule, by mail, webhook, chat or to a destination."""
