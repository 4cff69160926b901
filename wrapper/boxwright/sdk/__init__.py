"""For optimizers written in Python: submit a configuration to a study, and wait for what comes of it.

```python
from boxwright.sdk import submit

run = submit({"x": 0.5})
run.report({"predicted": 0.3})
print(run.wait().cost)
```

The study is the one that has started this process (``optimizer.command``), or the one that is named. Any number of
runs may be open at once, in any number of threads, coroutines and processes.
"""

from boxwright.sdk.results import CancelledError, EndedError, RefusedError, Result
from boxwright.sdk.runs import Run, as_completed, submit

__all__ = ["CancelledError", "EndedError", "RefusedError", "Result", "Run", "as_completed", "submit"]
