"""Public functions, one argument at a time made wrong: a finite result or a clear refusal.

Each call of `CASES` is valid and cheap. One argument after the other is replaced by everything in
`GARBAGE`, and by random numbers of any size from a kept seed. The call may then return something
finite, or raise exactly a ValueError or a TypeError that names the argument; not run on, not ask
for memory that is not there.
"""

import dataclasses
import datetime
import importlib
import inspect
import pkgutil
import re
import resource
import signal
import types
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
import qutip
import scipy.sparse
from qutip.solver.integrator import IntegratorException

import lmgbook
from lmgbook import checks, exercises, explore, glassy, integrators, ledger, leggett_garg, lmg
from lmgbook.ensembles import SectorSpectrum
from lmgbook.glassy import mixed, table
from lmgbook.leggett_garg import bias_sweep, local_dephasing
from lmgbook.reactions import moving_frame, truncated_wigner
from lmgbook.slow_quenches import exact_ramp

SEED = 20240817
SECONDS, BYTES = 8, 12e9  # of one call: processor time, and address space of the whole process

NUMBERS = [-1, 0, 1, 2.5, -0.3, 1e-9, 1e300, -1e300, 1e-300, 10**20, -(10**20), 10**400]
GARBAGE = [
    *(None, "text", "", b"bytes", float("nan"), float("inf"), -float("inf"), 1j, True, object()),
    *([], [1, 2, 3], [0.5, 0.2], [[0.5]], [None], ["text"], [float("nan")], {}, {"a": 1}, (0.1,)),
    *(
        np.zeros((2, 3)),
        np.array(["a"]),
        np.array([1j]),
        np.array([]),
        np.float32(0.5),
        np.int64(3),
    ),
    *(np.array([None, 1.0], dtype=object), qutip.basis(3, 0)),
]
GARBAGE += NUMBERS

MAGNET = leggett_garg.LeggettGarg(N=12, field=0.7, levels=5, coupling=1000.0)
FULL = dataclasses.replace(MAGNET, levels=None)
NOISY = local_dephasing.LocalDephasing(MAGNET, blocks=3, levels=4)
SPECTRUM = SectorSpectrum(10, 0.7, 0.4)
RAMP = exact_ramp(8, 1.0, h_end=0.0)
BIASED = bias_sweep.bias_sweep(MAGNET, 2.0, 0.01, points=3)
SHORT = MAGNET.interval / 10
SX, SZ, UP = qutip.sigmax(), qutip.sigmaz(), qutip.basis(2, 0)
LEVELS = np.array([0.0, 1.0, 2.0])
COUPLING = scipy.sparse.csr_array(np.array([[0, 1.0, 0], [1.0, 0, 0.5], [0, 0.5, 0]]))
TERMS = {0: scipy.sparse.diags_array(LEVELS).tocsr(), 1: COUPLING}
CLOUD = glassy.random_positions(6, 2, rng=np.random.default_rng(0))
FRAME = moving_frame.frame(TERMS, LEVELS, 0)[0]
AXES = plt.figure().subplots()
LINE = AXES.plot([0.0, 1.0], [0.0, 1.0])[0]
FIGURE = plt.figure(figsize=(1, 1))
POINT = [3.0, 0.4, 2.0, 0.7]
DECAY = glassy.fit_stretch([0.1, 0.5, 1.0, 2.0], [0.9, 0.6, 0.4, 0.1])
AVERAGE = glassy.ensemble_average(4, 2, 3.0, [0.0, 0.1, 0.5, 1.0], realisations=3)
BLOCKS = integrators.ParityDephasing([0.0, 1.0, 2.0], [False, True, False], COUPLING.toarray())
PROBLEM = exercises.find("ensembles.dent")
CLAIM = next(
    each for each in ledger.load_claims().values() if each.verdict == "reproduced" and each.target
)


def classical(point, t=1.0):
    return truncated_wigner.classical_hamiltonian(point, t, 1.0, 10.0, 1.0, 1.0)


def drawn(value):
    return FIGURE


def in_words(value):
    return "a frame"


def one_number(rng):
    return rng.normal()


def ones(times):
    return np.ones((len(times), 1))


def stepped():
    return integrators.TridiagonalPropagator([[0.0, 1.0, 2.0]], [[0.5, 0.5]], ones, nsteps=100)


#: Dotted name -> the arguments of a valid call. A method has its instance, or what makes
#: one, before them.
CASES = {
    "lmg.magnetic_numbers": dict(two_s=5, parity="even"),
    "lmg.bands": dict(N=6, J=1.0, h=0.5, K=0.1, parity="odd", two_s=4),
    "lmg.sector_isometry": dict(N=6, parity="even"),
    "lmg.LMG": dict(N=6, J=1.0, h=0.5, K=0.1),
    "lmg.LMG.slow_quench": dict(N=6, h=0.5),
    "lmg.LMG.leggett_garg": dict(N=6, field=0.5),
    "lmg.LMG.bands": (lmg.LMG(6, h=0.5), dict(parity="even")),
    "lmg.LMG.hamiltonian": (lmg.LMG(6, h=0.5), dict(parity="even")),
    "lmg.LMG.energies": (lmg.LMG(6, h=0.5), dict(k=2, parity="odd")),
    "lmg.LMG.ground_state": (lmg.LMG(6, h=0.5), dict(parity="even")),
    "lmg.LMG.gap": (lmg.LMG(6, h=0.5), {}),
    "lmg.LMG.splitting": (lmg.LMG(6, h=0.5), {}),
    "lmg.LMG.mean_field_energy": (lmg.LMG(6, h=0.5), dict(m_z=[0.1, 0.2], s=0.5)),
    "lmg.tridiagonal_operator": dict(diagonal=[1.0, 2.0, 3.0], off_diagonal=[0.1, 0.2]),
    "lmg.lowest_vector": dict(diagonal=[1.0, 2.0, 3.0], off_diagonal=[0.1, 0.2]),
    "slow_quenches.gap": dict(h=0.5, N=6),
    "slow_quenches.critical_amplitude": dict(basis=20),
    "slow_quenches.excitations_limit": dict(slope_ratio=2.0),
    "slow_quenches.critical_excitations": dict(lam=2.0, c0=1.0),
    "slow_quenches.critical_half_ramp": dict(lam=2.0, c0=1.0),
    "slow_quenches.squared_frequency": dict(h=0.5, N=6, c0=1.0),
    "slow_quenches.harmonic_ramp": dict(N=6, delta=1.0, h_start=2.0, h_end=0.0, c0=1.0, points=3),
    "slow_quenches.exact_ramp": dict(
        N=6, delta=1.0, h_start=2.0, h_end=0.0, fields=[1.0], smooth=0.3, start="ground", atol=1e-6
    ),
    "slow_quenches.ExactRamp.distribution": (RAMP, dict(index=-1)),
    "slow_quenches.ExactRamp.level_populations": (RAMP, dict(k=3)),
    "slow_quenches.ExactRamp.mean_quanta": (RAMP, dict(k=30)),
    "slow_quenches.universal_populations": dict(lam=2.0, k=4),
    "slow_quenches.universal_fidelity": dict(lam=2.0),
    "slow_quenches.universal_excitations": dict(lam=2.0),
    "slow_quenches.universal_reverse_excitations": dict(lam=2.0),
    "slow_quenches.biased_ramp": dict(N=6, delta=1.0, b=0.1, smooth=0.3),
    "slow_quenches.biased_populations": dict(lam=2.0, ratio=0.1, k=4),
    "slow_quenches.biased_excitations": dict(lam=2.0, ratio=0.1),
    "slow_quenches.wrong_side": dict(lam=2.0, ratio=0.1),
    "slow_quenches.cover.slow_ramp": dict(N=6, lam=20.0, points=3),
    "slow_quenches.cover.draw": dict(ramp=RAMP),
    "ensembles.entropy": dict(s=0.5),
    "ensembles.energy": dict(s=0.5, m=0.3, h=0.5, K=0.1),
    "ensembles.canonical_potential": dict(x=0.3, beta=1.0, h=0.5, K=0.1),
    "ensembles.free_energy_landscape": dict(m=0.3, beta=1.0, h=0.5, K=0.1),
    "ensembles.critical_field": dict(beta=1.0),
    "ensembles.tricritical_point": dict(beta=1.0, ensemble="canonical"),
    "ensembles.first_order_field": dict(K=0.8, beta=1.0, ensemble="canonical"),
    "ensembles.microcanonical_lines": dict(beta=1.0, u=0.6),
    "ensembles.canonical_spinodal": dict(K=0.8, beta=1.0),
    "ensembles.equilibrium": dict(beta=1.0, h=0.5, K=0.1, phase=None),
    "ensembles.canonical_transition": dict(h=0.5, K=0.1),
    "ensembles.lowest_energy": dict(s=0.5, h=0.5, K=0.1),
    "ensembles.microcanonical_curve": dict(h=0.5, K=0.1, s=[0.5, 0.6]),
    "ensembles.microcanonical_temperature": dict(energy=-0.4, h=0.5, K=0.1),
    "ensembles.microcanonical_jump": dict(h=0.5, K=0.1),
    "ensembles.log_degeneracy": dict(N=6, S=1.0),
    "ensembles.relaxation.relax": dict(N=4, kind="bonds", strength=0.1, seed=0, times=[0.0, 1.0]),
    "ensembles.relaxation.row": dict(N=8, kind="bonds", strength=0.1, realisations=1),
    "ensembles.SectorSpectrum": dict(N=6, h=0.5, K=0.1),
    "ensembles.SectorSpectrum.log_partition": (SPECTRUM, dict(beta=1.0)),
    "ensembles.SectorSpectrum.free_energy": (SPECTRUM, dict(beta=1.0)),
    "ensembles.SectorSpectrum.moments": (SPECTRUM, dict(beta=1.0)),
    "ensembles.SectorSpectrum.gaussian": (SPECTRUM, dict(center=-2.0, width=0.1)),
    "ensembles.SectorSpectrum.microcanonical_temperature": (
        SPECTRUM,
        dict(energy=-0.3, width=0.1),
    ),
    "leggett_garg.thermal_rate": dict(temperature=1e-8),
    "leggett_garg.instanton_splitting": dict(N=100, field=0.9),
    "leggett_garg.goldilocks_size": dict(field=0.9, coupling=1e4, temperature=1e-8),
    "leggett_garg.LeggettGarg": dict(N=12, field=0.7, temperature=1e-8, levels=5, coupling=1000.0),
    "leggett_garg.LeggettGarg.operator": (MAGNET, dict(of_m=np.ones(13))),
    "leggett_garg.LeggettGarg.state": (MAGNET, dict(initial="ground")),
    "leggett_garg.LeggettGarg.evolve": (
        MAGNET,
        dict(operator=MAGNET.sign, times=[SHORT], dephasing=1.0, adjoint=True, resolution=1.0),
    ),
    "leggett_garg.LeggettGarg.correlation": (
        MAGNET,
        dict(times=[SHORT], dephasing=1.0, initial="ground", resolution=1.0),
    ),
    "leggett_garg.LeggettGarg.k3": (
        MAGNET,
        dict(dephasing=1.0, interval=SHORT, stationary=True, initial="ground"),
    ),
    "leggett_garg.LeggettGarg.k3_operator": (
        MAGNET,
        dict(dephasing=1.0, interval=SHORT, stationary=True),
    ),
    "leggett_garg.LeggettGarg.threshold": (
        MAGNET,
        dict(stationary=True, interval=SHORT, initial="ground"),
    ),
    "leggett_garg.local_dephasing.jump_weights": dict(N=6, spin=2.0),
    "leggett_garg.local_dephasing.LocalDephasing": dict(
        magnet=MAGNET, blocks=3, levels=4, detuned=True
    ),
    "leggett_garg.local_dephasing.LocalDephasing.state": (NOISY, dict(initial="ground")),
    "leggett_garg.local_dephasing.LocalDephasing.jump": (NOISY, dict(x=NOISY.sign, adjoint=True)),
    "leggett_garg.local_dephasing.LocalDephasing.evolve": (
        NOISY,
        dict(x=NOISY.sign, times=[SHORT], rate=0.1, adjoint=True, resolution=1.0),
    ),
    "leggett_garg.local_dephasing.LocalDephasing.k3": (
        NOISY,
        dict(rate=0.1, interval=SHORT, initial="ground"),
    ),
    "leggett_garg.local_dephasing.LocalDephasing.threshold": (
        NOISY,
        dict(interval=SHORT, initial="ground"),
    ),
    "leggett_garg.local_dephasing.local_dephasing_k3": dict(
        magnet=MAGNET, rate=0.1, blocks=2, levels=3
    ),
    "leggett_garg.bias_sweep.bias_field": dict(magnet=MAGNET, bias=1.0),
    "leggett_garg.bias_sweep.landau_zener": dict(magnet=MAGNET, reach=2.0, duration=0.01),
    "leggett_garg.bias_sweep.biased_levels": dict(magnet=FULL, bias=1.0, count=3),
    "leggett_garg.bias_sweep.BiasSweep.populations": (BIASED, dict(count=2)),
    "leggett_garg.bias_sweep.bias_sweep": dict(
        magnet=MAGNET, reach=2.0, duration=1e-3, dephasing=0.0, points=3
    ),
    "leggett_garg.rivals.spinodal": dict(field=0.7),
    "leggett_garg.rivals.wells": dict(magnet=MAGNET, bias=0.1, length=6.0),
    "leggett_garg.rivals.well_states": dict(magnet=MAGNET, bias=0.1),
    "leggett_garg.rivals.kramers_rates": dict(magnet=MAGNET, bias=0.1),
    "leggett_garg.rivals.kramers_error": dict(magnet=MAGNET, reach=0.1, duration=1e-3),
    "leggett_garg.rivals.wigner_function": dict(magnet=MAGNET, bias=0.1),
    "leggett_garg.rivals.initial_spins": dict(
        magnet=MAGNET, bias=-0.1, count=4, zero_point=False, rng=np.random.default_rng(0)
    ),
    "leggett_garg.rivals.precess": dict(
        magnet=MAGNET,
        spins=np.ones((3, 4)),
        reach=0.1,
        duration=1e-3,
        dephasing=0.1,
        rng=np.random.default_rng(0),
        resolution=1.0,
    ),
    "leggett_garg.rivals.wigner_error": dict(
        magnet=MAGNET, reach=0.1, duration=1e-3, dephasing=0.0, trajectories=4, seed=0
    ),
    "leggett_garg.sweep_map.levels_sweep": dict(
        magnet=MAGNET, reach=0.1, duration=1e-3, dephasing=0.1, steps=4
    ),
    "leggett_garg.sweep_map.wigner_errors": dict(
        magnet=MAGNET, reach=0.1, duration=1e-3, dephasing=0.0, trajectories=4, seed=0
    ),
    "leggett_garg.sweep_map.runs_needed": dict(p=0.1, q=0.5, sigmas=3.0),
    "leggett_garg.sweep_map.point": dict(reach=2.0, duration=1e-4, dephasing=0.1),
    "leggett_garg.sweep_map.load": dict(path=None),
    "reactions.demkov_osherov": dict(g=1.0, beta=1.0),
    "reactions.single_channel": dict(N=4, g=1.0, beta=1.0),
    "reactions.two_channel": dict(N=4, g=1.0, beta=1.0),
    "reactions.two_channel_total": dict(N=4, g=1.0, beta=1.0),
    "reactions.thermal_law": dict(n=4, g=1.0, beta=1.0),
    "reactions.mean_numbers": dict(N=4, g=1.0, beta=1.0),
    "reactions.most_probable": dict(N=4, g=1.0, beta=1.0),
    "reactions.critical_rate": dict(N=4, g=1.0),
    "reactions.scattering_phases": dict(N=4, g=1.0, beta=1.0),
    "reactions.one_channel_hamiltonian": dict(N=4, g=1.0, beta=1.0),
    "reactions.two_channel_states": dict(N=4),
    "reactions.two_channel_hamiltonian": dict(N=4, g=1.0, beta=1.0, epsilon=0.5, g2=0.7),
    "reactions.effective_hamiltonian": dict(n=3, g=1.0, beta=1.0, epsilon=0.5),
    "reactions.hamiltonians.hamiltonian_parts": dict(N=4, g=1.0, beta=1.0, epsilon=0.5, g2=0.7),
    "reactions.hamiltonians.effective_parts": dict(n=3, g=1.0, beta=1.0, epsilon=0.5),
    "reactions.evolve": dict(
        N=1, g=0.3, beta=1.0, epsilon=0.5, T=4.0, g2=0.2, readout="diabatic", tolerance=1.0
    ),
    "reactions.redistribute": dict(
        n=1, g=0.3, beta=1.0, epsilon=0.5, T=4.0, readout="diabatic", tolerance=1.0
    ),
    "reactions.second_act": dict(n=1, g=0.3, beta=1.0, times=[1.0, 2.0], epsilon=0.5),
    "reactions.moving_frame.frame": dict(terms=TERMS, levels=LEVELS, power=0, moving=True),
    "reactions.moving_frame.read": dict(generators=FRAME, t=20.0, psi=[1.0, 0.0, 0.0]),
    "reactions.moving_frame.first_axis": dict(generators=FRAME, t=20.0),
    "reactions.moving_frame.earliest": dict(generators=FRAME, tolerance=1e-6),
    "reactions.moving_frame.later": dict(t=20.0, error=1e-3, wanted=1e-6),
    "reactions.ladder.ladder_law": dict(N=4, a=1.0, k=-0.1),
    "reactions.ladder.ladder_sweep": dict(N=3, a=1.0, k=0.3, tolerance=1e-6),
    "reactions.ladder.departures": dict(model="magnet", lam=2.0, N=16, times=[3.0, 4.0], level=0),
    "reactions.ladder.row": dict(model="reaction", lam=2.0, N=256),
    "reactions.particle.ramp_particle": dict(components=1, reach=0.1, half_time=8.0, points=100),
    "reactions.two_times.bases": dict(h=SZ.full(), slope=SX.full()),
    "reactions.two_times.populations": dict(state=UP, basis=np.eye(2)),
    "reactions.two_times.reaction_operators": dict(N=1, channels=1, surplus=0),
    "reactions.two_times.value": dict(parts=[SX, SZ], t=1.0, tau=1.0),
    "reactions.two_times.transport": dict(
        H=[SX, SZ], partner=[SZ], corners=[(0, 1), (0.1, 1.1)], start=UP, points=2
    ),
    "reactions.two_times.places": dict(corners=[(0, 1), (0.1, 1.1)], points=2),
    "reactions.two_times.frame": dict(H=[SX, SZ], t=1.0, tau=1.0),
    "reactions.two_times.sweep": dict(H=[SX, SZ], tau=1.0, T=2.0),
    "reactions.truncated_wigner.classical_hamiltonian": dict(
        point=POINT, t=1.0, epsilon=1.0, N=10.0, g=1.0, beta=1.0
    ),
    "reactions.truncated_wigner.second_hamiltonian": dict(
        point=POINT, t=1.0, epsilon=1.0, N=10.0, g=1.0, beta=1.0
    ),
    "reactions.truncated_wigner.gradient": dict(function=classical, point=POINT),
    "reactions.truncated_wigner.poisson_bracket": dict(
        first=classical, second=lambda point: point[0], point=POINT
    ),
    "reactions.truncated_wigner.follow": dict(
        hamiltonian=classical, point=POINT, start=0.0, end=0.01, rtol=1e-4, dense=[0.005]
    ),
    "reactions.truncated_wigner.truncated_wigner": dict(
        N=4,
        g=0.1,
        beta=1.0,
        epsilon=0.1,
        samples=2,
        span=3.0,
        start="bare",
        noise=0.1,
        times=[0.0],
        seed=0,
        rtol=1e-3,
    ),
    "ensembles.landscape.checked_couplings": dict(beta=1.0, h=0.5, K=0.1),
    "glassy.ball_volume": dict(d=2),
    "glassy.box_side": dict(d=2),
    "glassy.random_positions": dict(N=6, d=2, exclusion=0.01, rng=0, shape="ball"),
    "glassy.couplings": dict(positions=CLOUD, alpha=3.0, coupling=1.0, box=5.0),
    "glassy.nearest_couplings": dict(positions=CLOUD, alpha=3.0, coupling=1.0, box=5.0),
    "glassy.bulk_coupling": dict(d=2, alpha=3.0, density=1.0, coupling=1.0),
    "glassy.magnetization": dict(
        positions=CLOUD,
        times=[0.0, 1.0],
        alpha=3.0,
        coupling=1.0,
        box=5.0,
        method="near_far",
        spins=[0, 1],
    ),
    "glassy.purity": dict(positions=CLOUD, times=[0.0, 1.0], alpha=3.0, box=5.0, spins=[0]),
    "glassy.subset_purity": dict(
        positions=CLOUD, times=[0.0, 1.0], alpha=3.0, subset=[0, 1], coupling=1.0, box=5.0
    ),
    "glassy.fits.StretchFit.__call__": (DECAY, dict(times=[0.1, 1.0])),
    "glassy.fit_stretch": dict(
        times=[0.1, 0.5, 1.0, 2.0],
        signal=[0.9, 0.6, 0.4, 0.1],
        free_amplitude=True,
        weights=[1.0, 1.0, 1.0, 1.0],
    ),
    "glassy.EnsembleAverage.fit": (
        AVERAGE,
        dict(
            quantity="purity",
            time_unit=1.0,
            free_amplitude=False,
            weights=[1.0, 1.0, 1.0, 1.0],
            bootstrap=2,
            rng=0,
        ),
    ),
    "glassy.ensemble_average": dict(
        N=4,
        d=2,
        alpha=3.0,
        times=[0.0, 1.0],
        realisations=2,
        exclusion=0.01,
        seed=0,
        shape="ball",
        coupling=1.0,
        inner=0.9,
        engine=None,
    ),
    "glassy.mixed.relaxation": dict(
        matrix=[[0.0, 1.0], [1.0, 0.0]], times=[0.0, 1.0], axes=(1, 1, 0), along=0.5, across=0.2
    ),
    "glassy.mixed.pair_frequency": dict(axes=(1, 1, 0)),
    "glassy.mixed.batch": dict(name="XX", N=6, index=3),
    "glassy.mixed.load": dict(name="XX", N=6),
    "glassy.table.load": dict(path=None),
    "glassy.table.entry": dict(
        d=2, alpha=3.0, N=4, quantity="purity", shape="ball", realisations=2
    ),
    "glassy.table.differences": dict(rows=table.load().rows[:0]),
    "glassy.table.of_the_day": dict(rows=table.load().rows[:4], count=2, day=None),
    "glassy.table.decay_power": dict(
        N=[100, 200, 400], deviation=[0.08, 0.04, 0.02], error=[1e-3, 1e-3, 1e-3], draws=10
    ),
    "glassy.table.compute": dict(parts=(), engine=None, checkpoint=None, progress=False),
    "glassy.theory.rates": dict(d=3, alpha=6.0, density=1.0, coupling=1.0),
    "glassy.stretched_exponential": dict(
        times=[0.0, 0.1], d=3, alpha=6.0, density=1.0, coupling=1.0
    ),
    "glassy.noise_free": dict(
        times=[0.0, 0.1],
        N=4,
        d=2,
        alpha=3.0,
        where="ball",
        coupling=1.0,
        squared=False,
        inner=0.9,
        nodes=4,
    ),
    "integrators.strang": dict(
        x=np.ones(2),
        times=[0.0, 1.0],
        longest=0.3,
        prepare=lambda dt: lambda x, count: x,
        resolution=1.0,
        most=4,
    ),
    "integrators.extrapolated": dict(run=lambda resolution: np.ones(2), tolerance=1e-4),
    "integrators.ParityDephasing": dict(
        energies=LEVELS, is_odd=[False, True, False], jump=COUPLING.toarray()
    ),
    "integrators.ParityDephasing.split": (BLOCKS, dict(x=np.eye(3), odd=False)),
    "integrators.ParityDephasing.join": (BLOCKS, dict(blocks=np.ones((2, 2, 2)), odd=False)),
    "integrators.ParityDephasing.stepper": (BLOCKS, dict(odd=True, rate=1.0, adjoint=False)),
    "integrators.TridiagonalPropagator": dict(
        diagonals=[[0.0, 1.0, 2.0]],
        off_diagonals=[[0.5, 0.5]],
        coefficients=ones,
        atol=1e-6,
        max_step=1.0,
        fixed_step=0.0,
        first_step=0.1,
        nsteps=100,
        stops=[0.5],
    ),
    "integrators.TridiagonalPropagator.advance": (stepped, dict(t_end=1.0, looks=200)),
    "integrators.TridiagonalPropagator.start": (stepped, dict(t=0.0, state=[1.0, 0.0, 0.0])),
    "realisations.map_realisations": dict(
        task=one_number,
        realisations=2,
        seed=0,
        engine=None,
        batch=4,
        checkpoint=None,
        progress=False,
        key=None,
    ),
    "explore.steps": dict(
        draw=drawn,
        values=[0.1, 0.2],
        label="a field",
        alt=in_words,
        format="{:g}",
        name=None,
        start=0.1,
        live=(0.1, 0.2, 0.1),
    ),
    "exercises.find": dict(exercise_id="ensembles.dent"),
    "exercises.parameters": dict(exercise_id="ensembles.dent", variant=None),
    "exercises.check": dict(
        exercise_id="ensembles.dent", answer=PROBLEM.answer(), variant=None, strict=False, K=0.5
    ),
    "exercises.Exercise.numbers": (PROBLEM, dict(variant=None, K=0.5)),
    "exercises.Exercise.answer": (PROBLEM, dict(K=0.5)),
    "exercises.Exercise.mistakes": (PROBLEM, dict(K=0.5)),
    "ledger.load_papers": dict(folder=None),
    "ledger.load_claims": dict(folder=None),
    "ledger.validate": dict(folder="nowhere"),
    "ledger.check": dict(
        claim_id=CLAIM.id, value=CLAIM.target, error=0.0, rejects=2 * CLAIM.target, outside=None
    ),
    "ledger.note": dict(a_number=1.0),
    "figures.label_line": (AXES, dict(line=LINE, text="a", x=0.5, offset=(0, 5))),
    "figures.label_lines": (AXES, dict(lines=[LINE], texts=["a"], xs=[0.5])),
    "figures.panel_labels": dict(axes=[AXES]),
    "figures.use": dict(format="svg"),
    "figures.reference": (
        plt.figure().subplots(),
        dict(value=1.0, label="a", axis="y", side="end"),
    ),
}


#: Documented: NaN where K3 never exceeds one or no molecules are left; infinite temperatures
#: in the middle of a spectrum.
NOT_FINITE = ("threshold", "runs_needed", "temperature", "gaussian", "truncated_wigner", "strang")
#: Errors of other kinds that a docstring promises.
DOCUMENTED = {
    "exercises.find": KeyError,
    "exercises.parameters": KeyError,
    "exercises.check": (KeyError, exercises.NotYet),
    "ledger.check": (KeyError, ledger.Contradiction, ledger.LedgerError),
    "glassy.table.load": OSError,
    "leggett_garg.sweep_map.load": OSError,
    "integrators.TridiagonalPropagator.advance": IntegratorException,
}
#: Why the others have no case.
EXEMPT = {
    "the results of functions, and what is read from files: they hold what they are given": """
        ensembles.landscape.Phase slow_quenches.exact.ExactRamp slow_quenches.harmonic.HarmonicRamp
        leggett_garg.bias_sweep.BiasSweep leggett_garg.sweep_map.SweepMap
        reactions.sweep.Sweep reactions.truncated_wigner.Sample
        glassy.averages.EnsembleAverage glassy.fits.StretchFit glassy.table.Exponents
        glassy.table.Part exercises.Exercise exercises.Numbers ledger.Claim ledger.Paper""",
    "called by the package alone, with arguments that the caller has checked": """
        checks. ensembles.landscape.effective_field glassy.cloud.checked_ glassy.cloud.nearest_image
        glassy.cloud.refuse_coincidence glassy.theory.full_integral slow_quenches.harmonic.checked_
        reactions.hamiltonians.diagonal_matrix reactions.hamiltonians.sparse_qobj
        reactions.hamiltonians.inverse_power reactions.laws.adiabaticity ledger.Claim.
        reactions.sweep.in_interaction_picture
        realisations.code_hash realisations.kept_file realisations.provenance explore.Viewer""",
    "called by QuTiP; test_integrators.py and QuTiP's own tests": """
        integrators.tridiagonal.IntegratorTridiagonal integrators.tridiagonal.refuse_options""",
    "declares an exercise; test_exercises.py holds each to the rules": "exercises.exercise",
    "writes a file, or is a command": """glassy.table.write glassy.table.main
        glassy.mixed.main""",
}


def resolved(name):
    """The function or class behind a dotted name."""
    parts, found = name.split("."), lmgbook
    for k, part in enumerate(parts):
        try:
            found = importlib.import_module(".".join(["lmgbook", *parts[: k + 1]]))
        except ModuleNotFoundError:
            found = getattr(found, part)
    return found


def mutations(name, seed=SEED, numbers=4):
    """(argument, value) for all that is tried on one case."""
    rng = np.random.default_rng([seed, *name.encode()])
    for argument, good in arguments(name).items():
        for bad in GARBAGE:
            if not (callable(good) and callable(bad)):  # what a function does is its own business
                yield argument, bad
        for _ in range(numbers):
            yield argument, float(rng.choice([-1, 1]) * 10 ** rng.uniform(-320, 308))
            yield argument, int(10 ** rng.uniform(4, 18))
            yield argument, int(rng.integers(2, 30))


def arguments(name):
    case = CASES[name]
    return case if isinstance(case, dict) else case[1]


def target(name):
    case, found = CASES[name], resolved(name)
    if isinstance(case, dict):
        return found
    make = case[0] if isinstance(case[0], types.FunctionType) else lambda: case[0]
    return lambda **keywords: found(make(), **keywords)


def is_finite(value):
    """Whether a result holds no NaN and no infinity, however deep."""
    if isinstance(value, qutip.Qobj):
        value = value.full()
    if scipy.sparse.issparse(value):
        value = value.data
    if isinstance(value, dict):
        value = list(value.values())
    if dataclasses.is_dataclass(value):
        value = list(vars(value).values())
    if isinstance(value, list | tuple):
        return all(is_finite(each) for each in value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "USV":  # text, tables
        return True
    if isinstance(value, np.ndarray | float | complex | np.number):
        return bool(np.all(np.isfinite(np.asarray(value, dtype=complex))))
    return True


def singular(names):
    """The names, and those of one entry of the lists among them."""
    return {*names, *(name.removesuffix("s") for name in names)}


class Endless(BaseException):
    """The call runs on."""


def stop(signum, frame):
    raise Endless


@pytest.fixture
def limits(monkeypatch, tmp_path):
    # what a call is believed to cost is believed here as well: a wrong estimate runs on
    monkeypatch.setattr(checks, "SECONDS", SECONDS / 8)
    monkeypatch.setattr(checks, "MEMORY", 3e8)
    monkeypatch.setattr(table, "BOOTSTRAP", 2)
    monkeypatch.setattr(mixed, "CLOUDS", dict.fromkeys(mixed.CLOUDS, mixed.BATCHES))  # one each
    monkeypatch.setattr(ledger, "_recorded", {})
    monkeypatch.setattr(explore, "_names", set())
    monkeypatch.setenv("LMGBOOK_STATIC", "1")
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.chdir(tmp_path)  # a checkpoint is made where a name says
    before = signal.signal(signal.SIGPROF, stop), resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (int(BYTES), before[1][1]))
    yield
    signal.signal(signal.SIGPROF, before[0])
    resource.setrlimit(resource.RLIMIT_AS, before[1])


def verdict(name, argument, bad):
    """What is wrong with the way the call ends; None if nothing."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        result = target(name)(**arguments(name) | {argument: bad})
        fine = is_finite(result) or any(word in name for word in NOT_FINITE)
        return None if fine else f"not finite: {result!r}"
    except DOCUMENTED.get(name, ()):
        return None
    except (ValueError, TypeError) as error:
        plain = type(error) in (ValueError, TypeError)
        # two values may not fit together: then the message may name the other one
        known = arguments(name) if isinstance(error, ValueError) else [argument]
        named = plain and any(re.search(rf"\b{each}\b", str(error)) for each in singular(known))
        return None if named else f"{type(error).__name__}: {error}"
    except Endless:
        return f"no end after {SECONDS} s"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def leaks(name, tried):
    """What is wrong with the calls that end badly, with argument and value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [(a, repr(bad)[:60], verdict(name, a, bad)) for a, bad in tried]
    return [each for each in found if each[2]]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_finite_result_or_an_error_that_names_the_argument(name, limits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert target(name)(**arguments(name)) is not Endless  # the valid call
    assert leaks(name, mutations(name)) == []


@pytest.mark.weekly
@pytest.mark.parametrize("name", sorted(CASES))
def test_numbers_that_nobody_has_tried(name, limits):
    """Other random numbers each week; a failure shows them."""
    week = datetime.date.today().isocalendar()
    tried = mutations(name, 100 * week.year + week.week, numbers=40)
    assert leaks(name, tried) == []


def test_there_are_ten_thousand_calls():
    assert sum(1 for name in CASES for _ in mutations(name)) >= 10_000


def modules():
    """Modules of the package that a reader may import, but for the machinery of the book."""
    for found in pkgutil.walk_packages(lmgbook.__path__, "lmgbook."):
        parts = found.name.split(".")[1:]
        if parts[0] != "bookkit" and not any(part.startswith("_") for part in parts):
            yield importlib.import_module(found.name)


def public():
    """Dotted name -> each public function, class and method that takes an argument."""
    found = {}
    for module in modules():
        for name, thing in vars(module).items():
            own = not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__
            if own and (inspect.isfunction(thing) or inspect.isclass(thing)):
                found[f"{module.__name__}.{name}".removeprefix("lmgbook.")] = thing
    for name, thing in [*found.items()]:
        methods = vars(thing).items() if inspect.isclass(thing) else ()
        for method, function in methods:
            if inspect.isfunction(function) and (method == "__call__" or method[0] != "_"):
                found[f"{name}.{method}"] = function
    return {
        name: thing
        for name, thing in found.items()
        if not (inspect.isclass(thing) and issubclass(thing, Exception))
        if inspect.isclass(thing) or set(inspect.signature(thing).parameters) - {"self"}
    }


def test_every_public_function_has_a_case_or_a_reason():
    def place(thing):
        return thing.__module__, thing.__qualname__

    covered = {place(resolved(name)) for name in CASES}
    missing = {name for name, thing in public().items() if place(thing) not in covered}
    reasons = {name for names in EXEMPT.values() for name in names.split()}
    # "checks." and "checked_" stand for all names that begin so
    assert {name for name in missing if not excused(name, reasons)} == set()
    assert {reason for reason in reasons if not any(excused(n, {reason}) for n in missing)} == set()


def excused(name, reasons):
    return any(
        name == reason or (reason[-1] in "._" and name.startswith(reason)) for reason in reasons
    ) or any(name.startswith(f"{reason}.") for reason in reasons if "Integrator" in reason)
