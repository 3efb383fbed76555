"""`python -m modemd` is the command `modemd`."""

from modemd.cli.main import main

main()
