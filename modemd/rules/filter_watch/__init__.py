"""Filter watch: judges by delivery rates whether a network filters the messages of a SIM.

`destinations` groups the recipients, `judgement` compares the newest messages of a SIM with those of the weeks before.
"""
