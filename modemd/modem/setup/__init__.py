"""Set-up of one modem: identifies modem and SIM, opens the SIM, and sets what sending and receiving need."""
