"""`python -m lmgbook.warm_up`: compile and cache the fast loops once, so that no reader waits."""

from .glassy import METHODS, magnetization
from .leggett_garg import LeggettGarg
from .slow_quenches import exact_ramp, harmonic_ramp


def main():
    """Run every compiled function on a tiny problem."""
    exact_ramp(N=8, delta=0.5)
    harmonic_ramp(N=8, delta=0.5, points=3)
    LeggettGarg(N=8, levels=4).k3(0.05)
    for method in METHODS:
        magnetization([[0.0], [1.0]], [1.0], alpha=1, method=method)


if __name__ == "__main__":
    main()
