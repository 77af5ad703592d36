"""The picture on the cover: a wave packet that waits on the saddle, then falls both ways at once.

`python -m lmgbook.slow_quenches.cover` computes it and writes `book/_assets/cover.png`.
"""

import pathlib
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from .. import figures
from ..checks import affordable, instance, positive, positive_integer
from .exact import ExactRamp, exact_ramp


def slow_ramp(N: int = 1024, lam: float = 20.0, points: int = 481) -> ExactRamp:
    """The ramp that the cover shows, from h = 2 to h = 0.

    Parameters
    ----------
    N : int
        Number of spins.
    lam : float
        Lambda = N delta, number of spins times rate of the ramp.
    points : int
        Number of fields at which the state is recorded, the columns of the picture.

    Returns
    -------
    lmgbook.slow_quenches.ExactRamp
    """
    N, points = positive_integer("N", N), positive_integer("points", points, minimum=2)
    affordable(f"points = {points}", memory=64.0 * N * points, seconds=1e-4 * points)
    return exact_ramp(N, positive("lam", lam) / N, fields=np.linspace(2.0, 0.0, points))


def draw(ramp: ExactRamp) -> Figure:
    """Draw the distribution of m_z over the course of a slow ramp, field by field.

    Parameters
    ----------
    ramp : lmgbook.slow_quenches.ExactRamp
        A ramp from above the transition to h = 0, recorded at equally spaced fields.

    Returns
    -------
    matplotlib.figure.Figure
    """
    instance("ramp", ramp, ExactRamp)
    columns = [ramp.distribution(index)[1] for index in range(len(ramp.fields))]
    amplitude = np.sqrt(np.transpose(columns))  # its square root shows the faint parts as well

    figure, ax = plt.subplots(figsize=(6.4, 3.75))
    edge = 1 + 1 / ramp.N
    ax.imshow(
        amplitude,
        extent=(ramp.fields[0], ramp.fields[-1], -edge, edge),
        aspect="auto",
        cmap="inferno",
        vmax=np.quantile(amplitude, 0.997),
    )
    ax.grid(False)
    ax.set(xlabel="field $h$, lowered slowly in time", ylabel="magnetisation $m_z$")
    below = np.linspace(0, 1, 200)
    for sign in (1, -1):
        rest = sign * np.sqrt(1 - below**2)
        ax.plot(below, rest, color="white", linewidth=0.9, linestyle=(0, (4, 4)))
    note: dict[str, Any] = {"color": "white", "fontsize": "small", "va": "center"}
    ax.text(1.95, 0.3, "the ground state", **note)
    ax.text(1.0, 0.62, "dashed: lowest energy", ha="right", **note)
    ax.text(0.72, 0.0, "the packet waits\non the hilltop,\nthen falls both\nways at once", **note)
    return figure


if __name__ == "__main__":
    figures.use("png")
    target = pathlib.Path(__file__).parents[2] / "book" / "_assets" / "cover.png"
    draw(slow_ramp()).savefig(target, dpi=120)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
