"""Fields of a TPDU: addresses, time stamps, validity, user data headers (3GPP TS 23.040 clause 9.2.3)."""
