"""A study in the formats of other tools; each is checked by opening it with the tool itself."""
