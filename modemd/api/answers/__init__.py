"""Descriptions of the answers of the routes, for the OpenAPI document: loaded when somebody asks for it."""
