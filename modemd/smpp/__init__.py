"""SMPP 3.4 without input or output: the codec of its PDUs, and the session of both sides (SMPP 3.4 issue 1.2).

Octets come in and go out as arguments and results, and the time is an argument. `pdus` and `operations` are the codec, `session`
decides what happens on one connection, `parts` and `texts` convert texts, and `receipts` and `message_ids` read delivery
receipts. Clause numbers in this folder are those of SMPP 3.4 issue 1.2 unless they name another document.
"""
