"""Messages on their way in: accepting, staging in batches, falling due, and people's decisions."""
