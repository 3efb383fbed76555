"""Commands about the HTTP face: those who call modemd, and those whom it calls."""
