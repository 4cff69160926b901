"""``boxwright algo``: what an optimizer calls as its black box. Imports a few modules of Python itself only."""
