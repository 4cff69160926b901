"""Who says what runs next: designs, and SMAC optimizer seeds that share one model."""
