"""Emulated modem: a device in layers, the commands it knows, and the families it can be."""
