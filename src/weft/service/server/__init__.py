"""What a server has that imports no code of users: its locations, their definitions, and what it keeps in memory."""
