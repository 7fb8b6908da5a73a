"""The parts of the bench."""
