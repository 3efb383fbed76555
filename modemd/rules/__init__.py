"""Pure decisions: what a state becomes, who may be sent to, when to try again, which report is whose. No I/O, no clock."""
