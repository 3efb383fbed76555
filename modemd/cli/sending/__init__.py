"""Sending from the command line: messages, files, and what became of them."""
