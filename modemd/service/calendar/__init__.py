"""Work by the calendar: recurring sends, and the nightly jobs."""
