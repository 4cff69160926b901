"""``python -m boxwright`` is the command ``boxwright``."""

from boxwright.entry import main

if __name__ == "__main__":
    main()
