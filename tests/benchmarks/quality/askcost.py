"""What an ask costs."""


def main(words: list[str]) -> None:
    """Do nothing."""
