"""Opt-out by e-mail: reads the octets of a mail, and decides what it asks for.

| module     | what it does                                                                                   |
| ---------- | ---------------------------------------------------------------------------------------------- |
| `mime`     | octets -> headers and parts, with bounds on number, depth and length                            |
| `html`     | an HTML part -> text                                                                           |
| `quoting`  | parts a text into what its writer wrote, the signature, and what is quoted or forwarded        |
| `reading`  | octets -> `Mail`: sender, subject, text, and whether a machine wrote it                        |
| `decision` | `Mail` and what is known of its numbers and addresses -> opt out, review, or nothing           |

A mail can only opt out. A sender's address can be forged, which is harmless for an opt-out, so the address is believed. No
mail ever opts anybody in.
"""
