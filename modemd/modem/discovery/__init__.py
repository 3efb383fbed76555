"""Discovery of modems on this machine: USB devices, port lists, kernel events, and the probe of a port."""
