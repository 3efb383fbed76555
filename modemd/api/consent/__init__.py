"""Routes of consent."""
