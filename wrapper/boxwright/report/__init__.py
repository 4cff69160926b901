"""What a person sees: tables, progress, archives. Reads the store only."""
