"""USSD on one modem: the coding of texts, and the exchange of a session."""
