"""Compiled products of cosines for `lmgbook.glassy`, imported when first needed."""

import numpy as np
from numba import njit

OPTIONS = {
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp", "reassoc"},
}
# cos(r) on [-pi, pi] as 1 + r^2 p(r^2), exact at zero (Chebyshev interpolation, error 1e-14)
_FIT = np.polynomial.Chebyshev.interpolate(
    lambda z: -(np.sinc(np.sqrt(z) / (2 * np.pi)) ** 2) / 2, 8, domain=[0, np.pi**2]
).convert(kind=np.polynomial.Polynomial)
C1, C2, C3, C4, C5, C6, C7, C8, C9 = _FIT.coef
TURN_HIGH, TURN_LOW = 6.283185307179586, 2.4492935982947064e-16
INVERSE_TURN = 1 / TURN_HIGH
LARGE = 1e5  # an angle beyond it needs J to more digits than a float has: left to the caller

# ln cos(x) = -x^2/2 - x^4/12 - x^6/45 - 17 x^8/2520 - 31 x^10/14175 - ...
LOG_COS = (-1 / 2, -1 / 12, -1 / 45, -17 / 2520, -31 / 14175)
THETA = 0.2  # a pair is far until 2Jt reaches this; the next term is then 3e-12
BLOCK = 8  # times that share one near/far decision


@njit(inline="always", **OPTIONS)
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


@njit(**OPTIONS)
def multiply_cosines(row, angle, times, start):
    """Multiply row[k] by cos(angle times[k]) for all k >= start; angles up to LARGE."""
    for k in range(start, times.shape[0]):
        row[k] *= _cosine(angle * times[k])


@njit(**OPTIONS)
def _multiply_both(row, other, angle, times):
    for k in range(times.shape[0]):
        c = _cosine(angle * times[k])
        row[k] *= c
        other[k] *= c


@njit(**OPTIONS)
def _multiply_both_small(row, other, angle, times):
    # angles below one half need five terms of the series (error 5e-13) and no reduction
    for k in range(times.shape[0]):
        x = angle * times[k]
        z = x * x
        p = z * (-1 / 3628800) + 1 / 40320
        p = p * z - 1 / 720
        p = p * z + 1 / 24
        p = p * z - 1 / 2
        c = p * z + 1.0
        row[k] *= c
        other[k] *= c


@njit(**OPTIONS)
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


@njit(**OPTIONS)
def exact_products(x, y, z, box, alpha, strength, times, out, close):
    """out[i, t] = product over k != i of cos(2 J_ik t), each cosine computed once for i and k.

    Pairs whose angle exceeds LARGE are left out and listed as rows (i, k) and (k, i) of `close`;
    returns their number, which may exceed the length of the list.
    """
    n, steps = x.shape[0], times.shape[0]
    found, largest = 0, LARGE / max(times[steps - 1], 1e-300)
    small = 0.5 / max(times[steps - 1], 1e-300)
    squared = np.empty(n)
    for i in range(n):
        for t in range(steps):
            out[i, t] = 1.0
    for i in range(n):
        _distances(x, y, z, i, box, squared)
        for k in range(i + 1, n):
            angle = strength * squared[k] ** (-0.5 * alpha)
            if angle > largest:
                if found + 2 <= close.shape[0]:
                    close[found, 0], close[found, 1] = i, k
                    close[found + 1, 0], close[found + 1, 1] = k, i
                found += 2
                continue
            if angle < small:
                _multiply_both_small(out[i], out[k], angle, times)
            else:
                _multiply_both(out[i], out[k], angle, times)
    return found


@njit(**OPTIONS)
def near_far_products(x, y, z, box, alpha, strength, times, targets, out, close):
    """The same products for the spins `targets`, with the far spins in powers of the angle.

    While 2 J t < THETA the logarithm of the cosine is its series, so that all far spins enter by
    the sums of (2J)^2, ..., (2J)^10 alone; only where the angle is larger is a cosine taken. The
    decision is taken for each pair and each block of times. Pairs beyond LARGE are left out and
    listed in `close` as (row of out, k); returns their number.
    """
    n, steps = x.shape[0], times.shape[0]
    found, largest = 0, LARGE / max(times[steps - 1], 1e-300)
    blocks = (steps + BLOCK - 1) // BLOCK
    ends = np.empty(blocks)  # largest angle per unit of time that is far in this block
    for b in range(blocks):
        last = times[min((b + 1) * BLOCK, steps) - 1]
        ends[b] = THETA / last if last > 0.0 else np.inf
    always = ends[blocks - 1]
    power = int(alpha) if alpha == np.floor(alpha) else 0
    squared, couplings = np.empty(n), np.empty(n)
    sums = np.empty((blocks + 1, 5))
    exponent = np.empty(steps)
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
            row[t] = 1.0
        for k in range(n):
            a = couplings[k]
            if a >= limit:
                angle = np.sqrt(a)
                if angle > largest:
                    if found < close.shape[0]:
                        close[found, 0], close[found, 1] = index, k
                    found += 1
                    continue
                b = blocks - 1
                while b > 0 and angle >= ends[b - 1]:
                    b -= 1
                multiply_cosines(row, angle, times, b * BLOCK)
                if b > 0:
                    w = a
                    for j in range(5):
                        sums[b, j] += w
                        w *= a
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
        for t in range(steps):
            row[t] *= np.exp(exponent[t])
    return found
