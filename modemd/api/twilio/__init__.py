"""Twilio-shaped API under /2010-04-01: plain routes over the same service, with Twilio's bodies, codes and pages."""
