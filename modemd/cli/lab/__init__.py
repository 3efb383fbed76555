"""Commands of the emulated network: runs it, uses its phones, puts faults on its modems, and shows modemd with it."""
