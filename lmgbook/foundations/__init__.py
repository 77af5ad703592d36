"""The foundations: exercises only; what they teach is in `lmgbook.lmg` and in QuTiP itself."""
