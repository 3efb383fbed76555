"""`modemd consent`: where contacts stand, how it came so, and the words and texts of consent."""
