"""Plans: made, outlined, saved, looked at again and carried out."""
