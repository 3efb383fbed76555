"""Providers of text messages, of which modemd is a client: Twilio, Vonage, and any message centre that speaks SMPP.

`twilio` and `vonage` make requests, and read answers, lists and webhooks: they are pure. `http` carries a request to its server,
and `smpp` a message to its centre; both tell what was never sent from what may have been taken. `outcomes` has the words that all
of them share.
"""
