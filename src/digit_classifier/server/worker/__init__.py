"""The processes that read, and what they are asked to do; no web framework is imported here."""
