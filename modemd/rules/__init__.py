"""Pure decisions: next states, who may be sent to, when to try again, and which report is of which attempt. No I/O, no clock."""
