"""Requests of the control API, a module a subject."""
