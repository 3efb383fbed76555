"""Set-up of one modem: who it is, its SIM, and the settings that sending and receiving need."""
