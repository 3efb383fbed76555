"""USSD on one modem: coding of the text, and the session with the network."""
