"""Slots, the slot agent, limits, and the executor of this machine. Linux only: /proc, child subreapers, flock."""
