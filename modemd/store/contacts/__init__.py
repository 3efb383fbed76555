"""One number: what was written to it and came from it, and its erasure."""
