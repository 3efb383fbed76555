"""How the commands show things."""
