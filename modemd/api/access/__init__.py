"""Access to the API: who calls, which scope a route needs, the doors, and the routes of keys."""
