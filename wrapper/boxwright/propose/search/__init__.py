"""How one optimizer seed searches: a space as arrays, models of what the runs came to, and what is worth trying next.

Only optimizer processes import what stands here.
"""
