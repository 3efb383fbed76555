"""Modem service: the port, the AT dialogue and the state of one modem, all owned by one task (`modem.Modem.run`).

The parts, from the lowest layer up; a part imports only from those above it in this list:

- `status` has the data: who answers on a port (`Identity`), how a modem is reached (`ModemLine`), how it is (`ModemStatus`).
- `link` moves bytes: the port, the dialogue with its deadlines, and the log of the wire with personal data masked.
- `backend` is the contract with the service. The service gives each modem one, with `outbound` and `inbound` of the connector.
- `requests` queues what others want done over the dialogue.
- `setup` identifies modem and SIM, opens the SIM, and sets modes, storage and notices.
- `ussd` encodes codes, decodes answers, and runs a USSD session.
- `discovery` lists USB devices and their ports, and asks a port which modem is behind it.
- `capture` records the dialogue of a real modem, and drafts a driver file from it.
- `recovery` judges symptoms, chooses the next step of the escalation, and takes it.
- `messages` sends parts, reads and deletes arrivals, and detects missed calls.
- `polling` polls registration, signal, operator, service centre and storage level.
- `context` has what a modem keeps from one session to the next.
- `session` works with one open port until it is lost.
- `modem` is the task: one session after the other, and recovery between them.

The way of an outbound PDU: `session` calls `messages.pipeline`, which takes a draft from `Outbound` (or the one that the last
claim chose). `messages.sender` writes `AT+CMGS`, claims the part, and writes the PDU through `link.dialogue`, `at.Channel` and
`link.port`. The pipeline then journals the outcome through `Outbound`.

The way of an inbound PDU: `link.port` hands bytes to `link.dialogue`, which keeps notices in order. `session` gives each to
`messages.receiver`, which reads the announced slot. `messages.arrivals` stores the PDU through `Inbound`, and only then does
the receiver delete it on the modem. A sweep finds the messages that no notice announced.
"""
