"""Providers of text messages on the Internet, of which modemd is a client: Twilio and Vonage.

`twilio` and `vonage` make requests, and read answers, lists and webhooks: they are pure. `http` carries a request to its server
and tells what was never sent from what may have been taken. `outcomes` has the words that all of them share.
"""
