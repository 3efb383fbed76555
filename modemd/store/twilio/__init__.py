"""Messages of both directions as Twilio's API has them: one list, and what removes a message from it."""
