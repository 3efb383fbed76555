"""Emulated SMPP message centre on the emulated network: accounts of SMS providers, their messages, receipts and faults."""
