"""Types of TPDU: SUBMIT, DELIVER, STATUS-REPORT, their reports, and COMMAND (3GPP TS 23.040 clause 9.2.2)."""
