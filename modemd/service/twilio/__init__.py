"""Twilio-shaped view of the service: messages of both directions in one list, and the numbers of the SIMs."""
