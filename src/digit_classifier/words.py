"""Numbers in sentences."""


def count(n: int, what: str) -> str:
    """1 error, 2 errors, 1,000 errors."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")
