"""Deliberate mistakes, each of which the simulation or a test must catch.

`patches` replace a piece of the daemon while plans of the simulation run. `sources` replace words in one of its files while the
tests named beside them run; they are listed by promise.
"""
