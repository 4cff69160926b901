"""Who says what runs next: designs, and SMAC optimizer seeds that share one model.

The shared model is in ``shared``, which imports ConfigSpace; what stands here imports nothing heavy.
"""

from boxwright.propose.base import ExhaustedError, Proposal, Proposer, Told
from boxwright.propose.design_proposer import DesignProposer
from boxwright.propose.designs import design_size, make_design

__all__ = ["DesignProposer", "ExhaustedError", "Proposal", "Proposer", "Told", "design_size", "make_design"]
