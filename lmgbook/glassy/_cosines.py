"""Products of cosines for `lmgbook.glassy`, compiled; imported when first needed."""

import numpy as np

from .._jit import jit

OPTIONS = {"error_model": "numpy", "fastmath": {"contract", "nsz", "arcp", "reassoc"}}
# cos(r) on [-pi, pi] as 1 + r^2 p(r^2), exact at zero (Chebyshev interpolation, error 1e-14)
_FIT = np.polynomial.Chebyshev.interpolate(
    lambda z: -(np.sinc(np.sqrt(z) / (2 * np.pi)) ** 2) / 2, 8, domain=[0, np.pi**2]
).convert(kind=np.polynomial.Polynomial)
C1, C2, C3, C4, C5, C6, C7, C8, C9 = _FIT.coef
TURN_HIGH, TURN_LOW = 6.283185307179586, 2.4492935982947064e-16
INVERSE_TURN = 1 / TURN_HIGH
LARGE = 1e5  # an angle beyond it needs J to more digits than a float has: left to the caller
NOTHING = 1e-30  # a product below it is taken as zero: the cosines to come cannot raise it

# ln cos(x) = -x^2/2 - x^4/12 - x^6/45 - 17 x^8/2520 - 31 x^10/14175 - ...
LOG_COS = (-1 / 2, -1 / 12, -1 / 45, -17 / 2520, -31 / 14175)
THETA = 0.2  # a pair is far until 2Jt reaches this; the next term is then 3e-12
BLOCK = 8  # times that share one near/far decision
HIGHEST = 64  # largest exponent that is multiplied out


@jit(inline="always", **OPTIONS)
def _cosine(x):
    # no branches: the compiler turns a loop over this into vector instructions
    turns = np.rint(x * INVERSE_TURN)
    r = (x - turns * TURN_HIGH) - turns * TURN_LOW
    z = r * r
    p = C9
    p = p * z + C8
    p = p * z + C7
    p = p * z + C6
    p = p * z + C5
    p = p * z + C4
    p = p * z + C3
    p = p * z + C2
    p = p * z + C1
    return p * z + 1.0


@jit(**OPTIONS)
def multiply_cosines(row, angle, times, start, stop):
    """Multiply row[k] by cos(angle times[k]) for start <= k < stop; angles up to LARGE."""
    for k in range(start, stop):
        row[k] *= _cosine(angle * times[k])


@jit(**OPTIONS)
def _distances(x, y, z, i, box, out):
    # squared distances from spin i, nearest image in a periodic box
    n = x.shape[0]
    xi, yi, zi = x[i], y[i], z[i]
    if box > 0.0:
        inverse = 1.0 / box
        for k in range(n):
            dx, dy, dz = x[k] - xi, y[k] - yi, z[k] - zi
            dx -= box * np.floor(dx * inverse + 0.5)
            dy -= box * np.floor(dy * inverse + 0.5)
            dz -= box * np.floor(dz * inverse + 0.5)
            out[k] = dx * dx + dy * dy + dz * dz
    else:
        for k in range(n):
            dx, dy, dz = x[k] - xi, y[k] - yi, z[k] - zi
            out[k] = dx * dx + dy * dy + dz * dz


@jit(**OPTIONS)
def _first_beyond(angle, times, first):
    # the first of the times before `first` at which the angle is too large for a float
    while first > 0 and angle * times[first - 1] > LARGE:
        first -= 1
    return first


@jit(**OPTIONS)
def near_far_products(x, y, z, box, alpha, strength, times, targets, out, close):
    """out[index, t] = product over k != i of cos(2 J_ik t), for the spins i = targets[index].

    While 2 J t < THETA the logarithm of the cosine is its series, so that all far spins enter by
    the sums of (2J)^2, ..., (2J)^10 alone; only where the angle is larger is a cosine taken. The
    decision is taken for each pair and each block of times. Where a product has fallen below
    NOTHING it is set to zero, and no more cosines are taken: times long past the decay are cheap.

    Cosines of angles beyond LARGE are left out and listed in `close` as (index, k, first time),
    unless the product is zero anyway, for which an upper bound of such a cosine serves. Returns
    their number, which may exceed the length of the list; -1 if two spins are at the same place.
    """
    n, steps = x.shape[0], times.shape[0]
    found = idle = 0
    while idle < steps and times[idle] == 0.0:
        idle += 1
    rounding = 3e-16 * (alpha + 8.0)  # relative error of an angle, with its reduction
    blocks = (steps + BLOCK - 1) // BLOCK
    ends = np.empty(blocks)  # largest angle per unit of time that is far in this block
    for b in range(blocks):
        last = times[min((b + 1) * BLOCK, steps) - 1]
        ends[b] = THETA / last if last > 0.0 else np.inf
    always = ends[blocks - 1]
    power = int(alpha) if alpha <= HIGHEST and alpha == np.floor(alpha) else 0
    coincident = np.inf if power else 0.0
    squared, couplings = np.empty(n), np.empty(n)
    sums = np.empty((blocks + 1, 5))
    exponent, bound = np.empty(steps), np.empty(steps)
    # (2J)^2 >= limit is the near test; kept in squares so that far pairs need no root
    limit = always * always
    scale = strength * strength
    for index in range(targets.shape[0]):
        i = targets[index]
        _distances(x, y, z, i, box, squared)
        squared[i] = np.inf
        if power:
            for k in range(n):
                squared[k] = 1.0 / squared[k]
                couplings[k] = scale * squared[k]
            for _ in range(power - 1):
                for k in range(n):
                    couplings[k] *= squared[k]
        else:
            for k in range(n):
                couplings[k] = scale * squared[k] ** (-alpha)
        twice = 0
        for k in range(n):
            twice += squared[k] == coincident
        if twice:
            return -1
        s1 = s2 = s3 = s4 = s5 = 0.0
        for k in range(n):
            a = couplings[k] if couplings[k] < limit else 0.0
            b = a * a
            s1 += a
            s2 += b
            s3 += b * a
            s4 += b * b
            s5 += b * b * a
        for b in range(blocks):
            for j in range(5):
                sums[b, j] = 0.0
        sums[blocks, 0] = s1
        sums[blocks, 1] = s2
        sums[blocks, 2] = s3
        sums[blocks, 3] = s4
        sums[blocks, 4] = s5
        row = out[index]
        for t in range(steps):
            row[t] = bound[t] = 1.0
        alive = beyond = steps  # first time of zero product; first with an angle too large
        top, near = blocks - 1, 0
        for k in range(n):
            a = couplings[k]
            if a >= limit and alive > idle:
                angle = np.sqrt(a)
                stop = alive
                if angle * times[alive - 1] > LARGE:
                    stop = _first_beyond(angle, times, alive)
                    beyond = min(beyond, stop)
                    for t in range(stop, alive):
                        phase = angle * times[t]
                        if phase * rounding < 1.0:
                            bound[t] *= min(1.0, abs(_cosine(phase)) + phase * rounding)
                b = top + 1
                while b > 0 and angle >= ends[b - 1]:
                    b -= 1
                if angle < np.inf:
                    multiply_cosines(row, angle, times, b * BLOCK, stop)
                if b > 0:
                    w = a
                    for j in range(5):
                        sums[b, j] += w
                        w *= a
                near += 1
                if near % 16 == 0:
                    while alive > idle and abs(row[alive - 1]) * bound[alive - 1] < NOTHING:
                        alive -= 1
                    top = max(alive - 1, 0) // BLOCK
        while alive > idle and abs(row[alive - 1]) * bound[alive - 1] < NOTHING:
            alive -= 1
        if beyond < alive:
            for k in range(n):
                if couplings[k] > 0.0:
                    angle = np.sqrt(couplings[k])
                    stop = _first_beyond(angle, times, alive)
                    if stop < alive:
                        if found < close.shape[0]:
                            close[found, 0], close[found, 1], close[found, 2] = index, k, stop
                        found += 1
        # a pair that turns near in block b is far in all blocks before it
        for b in range(blocks - 1, 0, -1):
            for j in range(5):
                sums[b, j] += sums[b + 1, j]
        for b in range(blocks):
            m1, m2, m3, m4, m5 = (
                sums[b + 1, 0] * LOG_COS[0],
                sums[b + 1, 1] * LOG_COS[1],
                sums[b + 1, 2] * LOG_COS[2],
                sums[b + 1, 3] * LOG_COS[3],
                sums[b + 1, 4] * LOG_COS[4],
            )
            for t in range(b * BLOCK, min((b + 1) * BLOCK, steps)):
                w = times[t] * times[t]
                exponent[t] = w * (m1 + w * (m2 + w * (m3 + w * (m4 + w * m5))))
        for t in range(alive):
            row[t] *= np.exp(exponent[t])
        for t in range(alive, steps):
            row[t] = 0.0
    return found
