"""Pure Python: lists, dictionaries and deques."""
