"""The finder: a small detector of digits, trained on pages that the project draws itself."""
