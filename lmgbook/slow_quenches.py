"""Slow ramps of the field through the LMG transition (paper 1: Defenu, Enss, Kastner, Morigi 2018).

Units of the paper: energies in units of its coupling J, times in 1/J; h = 1 is critical. Its x axis
(the magnetisation of the ordered phase) is the book's z axis. The ramp is h(t) = 1 - delta t,
Lambda = N delta.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import qutip
from scipy.linalg import eigh_tridiagonal
from scipy.special import airy

from ._validate import finite, finite_array, in_range, one_of, positive, positive_integer
from .integrators import GAUSS, TridiagonalPropagator
from .lmg import LMG, bands, lowest_vector, magnetic_numbers, sector_isometry

BELOW, ABOVE = 8.0, 4.0  # |d Omega^2/dh| at h = 1 on the two sides, Eq. (5)
# Omega(0)^2 above which the first order in the kink is better than the difference of Airy functions
WEAK = 1000.0


def gap(h, N=None):
    """Excitation energy of one quantum.

    Parameters
    ----------
    h : float or array
        Field; the spectrum is even in h.
    N : int, optional
        None: the thermodynamic limit, 2 sqrt(h(h-1)) for h > 1 and 2 sqrt(1 - h^2) for h < 1
        (Eq. 5). With N: exact diagonalisation, between the two parities for h >= 1 (one quantum
        changes the parity) and inside the even sector for h < 1 (there the parities pair up).

    Returns
    -------
    float or ndarray, the shape of h
        In units of J.
    """
    fields = np.abs(finite_array("h", h))
    if N is None:
        value = np.where(fields > 1, fields * (fields - 1), 1 - fields**2)
        value = 2 * np.sqrt(value)
    else:
        N = positive_integer("N", N, minimum=2)
        value = np.empty_like(fields)
        for index, one in np.ndenumerate(fields):
            model = LMG.slow_quench(N, float(one))
            value[index] = model.splitting() if one >= 1 else model.gap()
    return value if value.ndim else float(value)


def critical_amplitude(basis=120):
    """Amplitude c0 of the gap at the critical point, c0 N^(-1/3) for large N.

    At h = 1 the order parameter is a particle of energy (2N)^(-1/3) (P^2 + X^4); one quantum is its
    first excitation. (The paper sets c0 = 1.)

    Parameters
    ----------
    basis : int
        Number of oscillator states in which P^2 + X^4 is diagonalised, >= 20.

    Returns
    -------
    float
        2.1742, good to ten digits for 60 states and more.
    """
    basis = positive_integer("basis", basis, minimum=20)
    root = np.sqrt(np.arange(1, basis + 4) / 2)
    x = np.diag(root, 1) + np.diag(root, -1)
    p = np.diag(root, 1) - np.diag(root, -1)  # i times the momentum
    # four states more than wanted, cut off after the products: no edge in the matrix elements
    quartic = (np.linalg.matrix_power(x, 4) - p @ p)[:basis, :basis]
    levels = np.linalg.eigvalsh(quartic)
    return float((levels[1] - levels[0]) / np.cbrt(2))


# ---------------------------------------------------------------- harmonic theory


def excitations_limit(slope_ratio=2.0):
    """Excitations left by a full ramp of the harmonic theory for N -> infinity.

    n = (k^(1/3) + k^(-1/3) - 1)/3, where k is the ratio of the slopes of Omega^2 on the two sides
    of the transition. Eq. (5) has k = 8/4 = 2, which gives the paper's 0.35.

    Parameters
    ----------
    slope_ratio : float or array
        k > 0.

    Returns
    -------
    float or ndarray
    """
    k = np.cbrt(finite_array("slope_ratio", slope_ratio))
    if np.any(k <= 0):
        raise ValueError(f"slope_ratio = {slope_ratio!r}: must be > 0")
    n = (k + 1 / k - 1) / 3
    return n if n.ndim else float(n)


def _airy_mode(slope, offset):
    # |f|^2, |f'|^2 and Re f* f' at s = 0 of the mode that starts in the ground state of
    # Omega^2 = offset - slope s, s -> -infinity: f = sqrt(pi/2) slope^(-1/6) (Bi + i Ai)
    ai, aip, bi, bip = airy(-offset * slope ** (-2 / 3))
    size = np.pi / 2 * slope ** (-1 / 3) * (ai**2 + bi**2)
    rate = np.pi / 2 * slope ** (1 / 3) * (aip**2 + bip**2)
    return size, rate, np.pi / 2 * (ai * aip + bi * bip)


def critical_excitations(lam, c0=1.0):
    """Final number of excitations of the critical oscillator, Eq. (10), in closed form.

    Omega(s)^2 = -4s + c0^2 Lambda^(-2/3) before and 8s + c0^2 Lambda^(-2/3) after the critical
    point; on each side the mode is a combination of Airy functions.

    Parameters
    ----------
    lam : float or array
        Lambda = N delta > 0.
    c0 : float
        Amplitude of the gap at the critical point, gap = c0 N^(-1/3). The paper sets 1; see
        `critical_amplitude` for the true value.

    Returns
    -------
    float or ndarray
    """
    offset = positive("c0", c0) ** 2 * _lambda(lam) ** (-2 / 3)
    size_in, rate_in, slope_in = _airy_mode(ABOVE, offset)
    size_out, rate_out, slope_out = _airy_mode(BELOW, offset)
    # the outgoing mode is the incoming one of the other side run backwards: its slope changes sign
    n = size_in * rate_out + rate_in * size_out + 2 * slope_in * slope_out - 0.5
    n = np.where(offset > WEAK, ((ABOVE + BELOW) / 8) ** 2 / offset**3, n)
    return n if np.ndim(n) else float(n)


def critical_half_ramp(lam, c0=1.0):
    """Excitations of the critical oscillator, Eq. (10), at the moment it reaches h = 1.

    Parameters
    ----------
    lam, c0 : as in `critical_excitations`

    Returns
    -------
    float or ndarray
        The heat is Q = n c0 Lambda^(-1/3) delta^(1/3).
    """
    offset = positive("c0", c0) ** 2 * _lambda(lam) ** (-2 / 3)
    size, rate, _ = _airy_mode(ABOVE, offset)
    n = (offset * size + rate) / (2 * np.sqrt(offset)) - 0.5
    n = np.where(offset > WEAK, (ABOVE / 8) ** 2 / offset**3, n)
    return n if np.ndim(n) else float(n)


@dataclass(frozen=True)
class HarmonicRamp:
    """A ramp in the harmonic theory: arrays of shape (points,) over the ramp.

    Attributes
    ----------
    times : ndarray
        t in units of 1/J, zero at h = 1.
    fields : ndarray
    frequency : ndarray
        Omega(t), the gap.
    xi : ndarray
        Width of the wave packet, xi^2 = <x^2>, Eq. (7).
    n_exc : ndarray
        Number of excitations, Eq. (8).
    fidelity : ndarray
        |c_0|^2 = 1/sqrt(1 + n_exc): the state is a squeezed vacuum.
    heat : ndarray
        Omega n_exc.
    """

    times: np.ndarray
    fields: np.ndarray
    frequency: np.ndarray
    xi: np.ndarray
    n_exc: np.ndarray
    fidelity: np.ndarray = field(init=False)
    heat: np.ndarray = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "fidelity", 1 / np.sqrt(1 + self.n_exc))
        object.__setattr__(self, "heat", self.frequency * self.n_exc)


def squared_frequency(h, N, c0=1.0):
    """Omega^2 of the harmonic theory: the square of Eq. (5), kept open by c0^2 N^(-2/3) at h = 1.

    Parameters
    ----------
    h : float or array
    N : int or numpy.inf
    c0 : float
        See `critical_excitations`.

    Returns
    -------
    float or ndarray
    """
    return gap(h) ** 2 + c0**2 * float(N) ** (-2 / 3)


def harmonic_ramp(N, delta, h_start=2.0, h_end=0.0, c0=1.0, points=401):
    """Full solution of the harmonic theory, Eqs. (5) to (8), for a linear ramp.

    Instead of the Ermakov-Milne equation (7), which is stiff, its linear twin u'' + Omega^2 u = 0
    is solved for a complex mode; xi = |u|. The start is the ground state at h_start,
    xi^2 = 1/(2 Omega) (the value printed below Eq. (7) is misprinted), xi' = 0.

    Parameters
    ----------
    N : int
        Number of spins; it enters through the gap at the critical point only.
    delta : float
        Rate of the ramp, > 0.
    h_start, h_end : float
        First and last field, different.
    c0 : float
        See `critical_excitations`.
    points : int
        Number of times in the result, >= 2.

    Returns
    -------
    HarmonicRamp
    """
    from ._kernels import mode_steps

    N, delta, h_start, h_end = _check_ramp(N, delta, h_start, h_end)
    points = positive_integer("points", points, minimum=2)
    positive("c0", c0)
    fields = np.linspace(h_start, h_end, points)
    kinks = [h for h in (-1.0, 1.0) if min(h_start, h_end) < h < max(h_start, h_end)]
    # steps end on the kinks of Omega^2, otherwise they would lose their order there
    stops = np.unique(np.concatenate([fields, kinks]))
    stops = stops if h_start < h_end else stops[::-1]
    direction = np.sign(h_end - h_start)
    omega = np.sqrt(squared_frequency(h_start, N, c0))
    u, v = complex(1 / np.sqrt(2 * omega)), -1j * np.sqrt(omega / 2)
    modes = {h_start: (u, v)}
    for low, high in zip(stops[:-1], stops[1:], strict=True):
        duration = abs(high - low) / delta
        fastest = np.sqrt(np.max(squared_frequency(np.array([low, high]), N, c0)))
        count = int(np.ceil(duration * max(fastest / 0.2, delta ** (1 / 3) / 0.02)))
        dt = duration / count
        nodes = low + direction * delta * dt * (np.arange(count) + 0.5)
        shift = direction * delta * dt * GAUSS
        w1, w2 = (squared_frequency(nodes + sign * shift, N, c0) for sign in (-1, 1))
        u, v = mode_steps(u, v, w1, w2, dt)
        modes[high] = (u, v)
    u, v = np.array([modes[h] for h in fields]).T
    omega = np.sqrt(squared_frequency(fields, N, c0))
    n_exc = (omega**2 * np.abs(u) ** 2 + np.abs(v) ** 2) / (2 * omega) - 0.5
    times = direction * (fields - 1) / delta
    return HarmonicRamp(times, fields, omega, np.abs(u), np.maximum(n_exc, 0.0))


# ---------------------------------------------------------------- exact dynamics


@dataclass(frozen=True)
class ExactRamp:
    """Result of `exact_ramp`. Arrays over the recorded fields have shape (len(fields),).

    Attributes
    ----------
    N : int
    delta : float
    fields : ndarray
        The fields at which the state was recorded; the last one is h_end.
    times : ndarray
        Time since the start, in 1/J.
    states : list of dict
        For each field the sector amplitudes {"even": ndarray, ...} in the basis of
        `lmgbook.lmg.magnetic_numbers` (the order parameter, the paper's Sx). A ground-state start
        stays in the even sector; the broken start has both.
    steps : int
        Steps of the propagator.
    """

    N: int
    delta: float
    fields: np.ndarray
    times: np.ndarray
    states: list
    steps: int

    def distribution(self, index=-1):
        """Probabilities of the order parameter at one recorded field.

        Parameters
        ----------
        index : int
            Position in `fields`.

        Returns
        -------
        m : ndarray of float, shape (N + 1,)
            N/2, ..., -N/2.
        probability : ndarray of float, shape (N + 1,)
        """
        m = magnetic_numbers(self.N)
        return m, np.abs(self._full(index)) ** 2

    @cached_property
    def heats(self):
        """<H> - E0 at each recorded field (total, units of J)."""
        return np.array([self._heat(i) for i in range(len(self.fields))])

    @cached_property
    def fidelities(self):
        """|<ground state|psi>|^2 at each recorded field."""
        overlaps = []
        for h, sectors in zip(self.fields, self.states, strict=True):
            ground = lowest_vector(*LMG.slow_quench(self.N, h).bands("even"))
            overlaps.append(abs(np.vdot(ground, sectors["even"])) ** 2)
        return np.array(overlaps)

    @property
    def heat(self):
        """<H> - E0 at the end of the ramp."""
        return float(self.heats[-1])

    @property
    def fidelity(self):
        """|<ground state|psi>|^2 at the end of the ramp."""
        return float(self.fidelities[-1])

    @property
    def n_exc(self):
        """N/2 - <|S|> along the order parameter; defined for a ramp that ends at h = 0.

        Raises
        ------
        ValueError
            The ramp ends elsewhere: use `mean_quanta` or `heat`.
        """
        if self.fields[-1] != 0:
            raise ValueError(
                f"n_exc needs h_end = 0, not {self.fields[-1]:g}: use mean_quanta() or heat"
            )
        m, probability = self.distribution()
        return float(probability @ (self.N / 2 - np.abs(m)))

    @property
    def state(self):
        """The final state as a ket in the full basis m = N/2, ..., -N/2 (`qutip.Qobj`)."""
        return qutip.Qobj(self._full(-1))

    def _full(self, index):
        sectors = self.states[index].items()
        return sum(sector_isometry(self.N, parity) @ psi for parity, psi in sectors)

    def level_populations(self, k=100):
        """Populations of the k lowest levels of each sector at the end of the ramp.

        Parameters
        ----------
        k : int

        Returns
        -------
        dict of ndarray
            {"even": P_0, P_1, ...} and, for the broken start, "odd".
        """
        k = positive_integer("k", k)
        model = LMG.slow_quench(self.N, self.fields[-1])
        populations = {}
        for parity, amplitudes in self.states[-1].items():
            top = min(k, len(amplitudes)) - 1
            _, vectors = eigh_tridiagonal(*model.bands(parity), select="i", select_range=(0, top))
            populations[parity] = np.abs(vectors.T @ amplitudes) ** 2
        return populations

    def mean_quanta(self, k=100):
        """Mean number of quanta at the end of the ramp, from the k lowest levels of each sector.

        For |h_end| >= 1 the two parities interleave: level j of the even sector holds 2j quanta, of
        the odd sector 2j + 1. For |h_end| < 1 they pair up: level j holds j quanta.

        Raises
        ------
        ValueError
            The k levels hold less than 1 - 1e-9 of the probability.
        """
        populations = self.level_populations(k)
        held = sum(p.sum() for p in populations.values())
        if held < 1 - 1e-9:
            raise ValueError(f"k = {k}: the levels hold only {held:.9f} of the probability")
        above = abs(self.fields[-1]) >= 1
        total = 0.0
        for parity, p in populations.items():
            level = np.arange(len(p))
            total += p @ (2 * level + (parity == "odd") if above else level)
        return float(total)

    def _heat(self, index):
        model = LMG.slow_quench(self.N, self.fields[index])
        energy = 0.0
        for parity, psi in self.states[index].items():
            d, o = model.bands(parity)
            energy += d @ np.abs(psi) ** 2 + 2 * (o @ (psi[:-1].conj() * psi[1:]).real)
        return energy - model.energies(1, "even")[0]


def exact_ramp(
    N,
    delta,
    h_start=2.0,
    h_end=0.0,
    *,
    fields=(),
    smooth=0.0,
    start="ground",
    atol=1e-8,
):
    """Exact quantum dynamics of Eq. (2) under a linear ramp of the field.

    Parameters
    ----------
    N : int
        Number of spins.
    delta : float
        Rate of the ramp, > 0 (units of J).
    h_start, h_end : float
        First and last field, different; the direction follows from them.
    fields : sequence of float
        Fields between the two at which to record the state on the way (h_end always is).
    smooth : float
        If > 0, the rate rises from zero like sin^2 over the first `smooth` of field and falls
        likewise over the last: a ramp without kinks. At most half of |h_end - h_start|.
    start : {"ground", "broken"}
        "ground": the even-parity ground state at h_start. "broken": the product state with all
        spins along the order parameter, for h_start = 0.
    atol : float
        Local error allowed in a step, see `lmgbook.integrators.TridiagonalPropagator`.

    Returns
    -------
    ExactRamp
        For odd N and a negative field the ground state is odd; heat and fidelity of a ground-state
        start then refer to the even sector.

    Raises
    ------
    ValueError, TypeError
        An argument is outside what is said above.

    Examples
    --------
    >>> from lmgbook.slow_quenches import exact_ramp
    >>> round(exact_ramp(N=64, delta=5 / 64).n_exc, 4)
    0.5767
    """
    N, delta, h_start, h_end = _check_ramp(N, delta, h_start, h_end)
    span = abs(h_end - h_start)
    smooth = in_range("smooth", smooth, 0.0, span / 2)
    one_of("start", start, ("ground", "broken"))
    low, high = min(h_start, h_end), max(h_start, h_end)
    records = finite_array("fields", fields)
    if records.ndim != 1 or np.any((records < low) | (records > high)):
        raise ValueError(f"fields = {fields!r}: must be numbers between h_start and h_end")
    # in the order of the ramp, each once, h_end last
    direction = np.sign(h_end - h_start)
    records = np.unique(np.append(records, h_end) * direction) * direction
    schedule = _Schedule(h_start, h_end, delta, smooth)
    times = schedule.time(records)
    if start == "broken":
        if h_start != 0:
            raise ValueError(f"h_start = {h_start!r}: start='broken' needs h_start = 0")
        initial = {p: np.eye(len(magnetic_numbers(N, p)), 1).ravel() for p in ("even", "odd")}
        initial = {p: psi / np.sqrt(2) for p, psi in initial.items()}
    else:
        model = LMG.slow_quench(N, h_start)
        initial = {"even": lowest_vector(*model.bands("even"))}

    states, steps = [{} for _ in records], 0
    for parity, psi in initial.items():
        coupling, field_part = bands(N, J=0.5, parity=parity), bands(N, J=0.0, h=1.0, parity=parity)
        propagator = TridiagonalPropagator(
            *(np.array(pair) for pair in zip(coupling, field_part, strict=True)),
            schedule.coefficients,
            atol=atol,
        )
        propagator.start(0.0, psi)
        for index, time in enumerate(times):
            propagator.advance(time)
            states[index][parity] = propagator.state
        steps += propagator.steps
    return ExactRamp(N, delta, records, times, states, steps)


class _Schedule:
    """h(t): linear, or with sin^2 switching of the rate at both ends."""

    def __init__(self, h_start, h_end, delta, smooth):
        self.h_start, self.delta, self.smooth = h_start, delta, smooth
        self.direction = np.sign(h_end - h_start)
        self.span = abs(h_end - h_start)
        self.switch = 2 * smooth / delta  # the mean rate there is delta/2
        self.total = self.span / delta + self.switch

    def distance(self, t):
        """Field covered after time t."""
        linear = self.delta * t - self.smooth
        if not self.smooth:
            return linear
        return np.select(
            [t < self.switch, t > self.total - self.switch],
            [self._rise(t), self.span - self._rise(self.total - t)],
            linear,
        )

    def _rise(self, t):
        ripple = self.switch / (2 * np.pi) * np.sin(np.pi * t / self.switch)
        return self.delta * (t / 2 - ripple)

    def coefficients(self, t):
        values = np.empty((len(t), 2))
        values[:, 0] = 1.0
        values[:, 1] = self.h_start + self.direction * self.distance(t)
        return values

    def time(self, fields):
        """Times at which the fields are reached."""
        distance = np.abs(fields - self.h_start)
        times = (distance + self.smooth) / self.delta
        for i, wanted in enumerate(distance):
            if self.smooth and not self.smooth <= wanted <= self.span - self.smooth:
                # monotonic: bisect to rounding
                low, high = 0.0, self.total
                while high - low > 4e-16 * self.total:
                    middle = (low + high) / 2
                    low, high = (middle, high) if self.distance(middle) < wanted else (low, middle)
                times[i] = high
        return times


# ---------------------------------------------------------------- the limit of large N


def universal_populations(lam, k):
    """Level populations after a full ramp for N -> infinity at fixed Lambda.

    P_j = f x^j / prod_{i=1..j} (1 - x^(2i)), x = exp(-2 pi/Lambda), f = `universal_fidelity`;
    j counts the levels of the even sector. Found numerically and checked to 1e-5, not proved.

    Parameters
    ----------
    lam : float
        Lambda = N delta > 0.
    k : int
        Number of levels.

    Returns
    -------
    ndarray of float, shape (k,)
    """
    log_x = -2 * np.pi / positive("lam", lam)
    level = np.arange(positive_integer("k", k))
    denominator = np.cumsum(np.concatenate([[0.0], np.log1p(-np.exp(2 * log_x * level[1:]))]))
    return np.exp(np.log(universal_fidelity(lam)) + level * log_x - denominator)


def universal_fidelity(lam):
    """Final fidelity of a full ramp for N -> infinity: prod over odd j of (1 - x^j).

    Parameters
    ----------
    lam : float or array
        Lambda = N delta > 0; x = exp(-2 pi/Lambda).

    Returns
    -------
    float or ndarray
    """
    return _sum_over_modes(lam, lambda x: np.log1p(-np.exp(-x)), step=2, final=np.exp)


def universal_excitations(lam):
    """Excitations left by a full ramp for N -> infinity: sum over odd j of 1/(exp(2 pi j/L) - 1).

    Parameters
    ----------
    lam : float or array
        L = Lambda = N delta > 0.

    Returns
    -------
    float or ndarray
    """
    return _sum_over_modes(lam, lambda x: np.exp(-x) / -np.expm1(-x), step=2)


def universal_reverse_excitations(lam):
    """Quanta at h = 2 after a ramp from the symmetry-broken product state at h = 0, N -> infinity.

    1/2 + sum over j >= 1 of 1/(exp(2 pi j/Lambda) + 1).

    Parameters
    ----------
    lam : float or array
        Lambda = N delta > 0.

    Returns
    -------
    float or ndarray
    """
    total = _sum_over_modes(lam, lambda x: np.exp(-x) / (1 + np.exp(-x)), step=1)
    return 0.5 + total


def _sum_over_modes(lam, term, step, final=lambda total: total):
    values = _lambda(lam)
    total = np.empty_like(values)
    if np.any(values > 1e6):
        raise ValueError(f"lam = {lam!r}: must be <= 1e6 (the sum has some 7 lam terms)")
    for index, one in np.ndenumerate(values):
        # beyond exp(-45) a term is below rounding
        j = np.arange(1, max(2.0, 45 * one / (2 * np.pi)) + step, step)
        total[index] = final(np.sum(term(2 * np.pi * j / one)))
    return total if total.ndim else float(total)


def _lambda(lam):
    values = finite_array("lam", lam)
    if np.any(values <= 0):
        raise ValueError(f"lam = {lam!r}: must be > 0")
    return values


def _check_ramp(N, delta, h_start, h_end):
    N, delta = positive_integer("N", N), positive("delta", delta)
    h_start, h_end = finite("h_start", h_start), finite("h_end", h_end)
    if h_start == h_end:
        raise ValueError(f"h_end = {h_end!r}: must differ from h_start")
    return N, delta, h_start, h_end
