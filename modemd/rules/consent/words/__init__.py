"""Words of consent: what inbound texts ask for, in the languages of keywords.csv, and what that means for somebody."""
