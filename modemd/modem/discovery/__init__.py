"""Discovery of modems on this machine: devices, port lists, kernel events, and the probe of a port."""
