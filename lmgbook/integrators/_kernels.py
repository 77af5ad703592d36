"""Compiled loops of the integrators, imported when first needed."""

import numpy as np

from .._jit import jit

# Gauss-Legendre nodes sit at 1/2 -+ sqrt(3)/6 of a step; the Magnus commutator carries sqrt(3)/12
ROOT = np.sqrt(3.0) / 12.0
OPTIONS = {
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp", "reassoc"},
}


@jit(**OPTIONS)
def _forward(x, aa, ar, ai, xr, xi, zr, zi, pr, pi, gr, gi):
    # pivot = x - z - |a|^2 / previous pivot;  g = (psi - conj(a) g) / pivot;  p = 1 / pivot
    ur, ui = (x - zr) - aa * pr, -zi - aa * pi
    scale = 1.0 / (ur * ur + ui * ui)
    pr, pi = ur * scale, -ui * scale
    vr, vi = xr - ar * gr - ai * gi, xi - ar * gi + ai * gr
    return pr, pi, vr * pr - vi * pi, vr * pi + vi * pr


@jit(**OPTIONS)
def _backward(ar, ai, pr, pi, gr, gi, sr, si):
    # s = g - (a / pivot) s of the row below
    tr, ti = ar * sr - ai * si, ar * si + ai * sr
    return gr - pr * tr + pi * ti, gi - pr * ti - pi * tr


@jit(**OPTIONS)
def cayley_steps(re, im, diag, off, f1, f2, dt, poles, residues, magnus):
    """Advance a state of norm one by equal steps of a tridiagonal Hamiltonian H(t), in place.

    H(t) = sum_k f_k(t) H_k, with real diagonals diag[k, i] and off-diagonals off[k, i] (row i to
    i + 1; the last entry has no meaning). f1[step, k] and f2[step, k] are the
    coefficients at the two Gauss nodes of a step. With `magnus` a step is one exponential, the
    fourth-order Magnus exponent, which stays tridiagonal if all off-diagonals share one shape;
    otherwise it is the commutator-free pair, tridiagonal always.

    Each exponential is the diagonal Pade approximant (4, 4), unitary by construction, in partial
    fractions: exp(-iX) psi = psi + sum_j r_j (X - z_j)^-1 psi, so that its four tridiagonal solves
    run side by side. They need no pivoting: X is Hermitian, so every pivot keeps the sign of
    -Im z_j. What rounding does to the norm (1e-13 a step, always the same way) is divided out.

    Returns the phase that the energy shift has taken out, and the largest change of the norm in one
    step: anything beyond rounding would be a fault.
    """
    rows = re.shape[0]
    parts = diag.shape[0]
    z0, z1, z2, z3 = poles[0], poles[1], poles[2], poles[3]
    r0, r1, r2, r3 = residues[0], residues[1], residues[2], residues[3]
    d1, d2 = np.empty(rows), np.empty(rows)
    o1, o2 = np.empty(rows), np.empty(rows)
    d, our, oui = np.empty(rows), np.empty(rows), np.zeros(rows)
    w = np.empty((rows, 16))
    phase = worst = 0.0
    for step in range(f1.shape[0]):
        for i in range(rows):
            d1[i] = d2[i] = o1[i] = o2[i] = 0.0
        for k in range(parts):
            c1, c2 = f1[step, k], f2[step, k]
            for i in range(rows):
                d1[i] += c1 * diag[k, i]
                d2[i] += c2 * diag[k, i]
                o1[i] += c1 * off[k, i]
                o2[i] += c2 * off[k, i]
        for stage in range(1 if magnus else 2):
            w1 = 0.5 if magnus else 0.25 + (2.0 - 4.0 * stage) * ROOT
            w2 = (1.0 if magnus else 0.5) - w1
            for i in range(rows):
                d[i] = dt * (w1 * d1[i] + w2 * d2[i])
                our[i] = dt * (w1 * o1[i] + w2 * o2[i])
            our[rows - 1] = 0.0
            if magnus:
                for i in range(rows - 1):
                    commutator = (d1[i] - d1[i + 1]) * o2[i] - (d2[i] - d2[i + 1]) * o1[i]
                    oui[i] = ROOT * dt * dt * commutator
            # the approximant is best around zero: take the mean energy out
            mean = norm = 0.0
            for i in range(rows):
                weight = re[i] * re[i] + im[i] * im[i]
                norm += weight
                mean += d[i] * weight
            for i in range(rows - 1):
                mean += 2.0 * our[i] * (re[i] * re[i + 1] + im[i] * im[i + 1])
                mean -= 2.0 * oui[i] * (re[i] * im[i + 1] - im[i] * re[i + 1])
            mean /= norm
            phase += mean
            worst = max(worst, abs(norm - 1.0))
            rescale = np.sqrt(1.0 / norm)

            # a: coupling to the row above; p, q: 1/pivot; g, h: forward-substituted state
            ar = ai = 0.0
            p0 = p1 = p2 = p3 = q0 = q1 = q2 = q3 = 0.0
            g0 = g1 = g2 = g3 = h0 = h1 = h2 = h3 = 0.0
            for i in range(rows):
                x = d[i] - mean
                aa = ar * ar + ai * ai
                xr, xi = re[i] * rescale, im[i] * rescale
                re[i], im[i] = xr, xi
                p0, q0, g0, h0 = _forward(x, aa, ar, ai, xr, xi, z0.real, z0.imag, p0, q0, g0, h0)
                p1, q1, g1, h1 = _forward(x, aa, ar, ai, xr, xi, z1.real, z1.imag, p1, q1, g1, h1)
                p2, q2, g2, h2 = _forward(x, aa, ar, ai, xr, xi, z2.real, z2.imag, p2, q2, g2, h2)
                p3, q3, g3, h3 = _forward(x, aa, ar, ai, xr, xi, z3.real, z3.imag, p3, q3, g3, h3)
                w[i, 0], w[i, 1], w[i, 2], w[i, 3] = p0, q0, g0, h0
                w[i, 4], w[i, 5], w[i, 6], w[i, 7] = p1, q1, g1, h1
                w[i, 8], w[i, 9], w[i, 10], w[i, 11] = p2, q2, g2, h2
                w[i, 12], w[i, 13], w[i, 14], w[i, 15] = p3, q3, g3, h3
                ar, ai = our[i], oui[i]
            g0 = g1 = g2 = g3 = h0 = h1 = h2 = h3 = 0.0
            for i in range(rows - 1, -1, -1):
                ar, ai = our[i], oui[i]
                g0, h0 = _backward(ar, ai, w[i, 0], w[i, 1], w[i, 2], w[i, 3], g0, h0)
                g1, h1 = _backward(ar, ai, w[i, 4], w[i, 5], w[i, 6], w[i, 7], g1, h1)
                g2, h2 = _backward(ar, ai, w[i, 8], w[i, 9], w[i, 10], w[i, 11], g2, h2)
                g3, h3 = _backward(ar, ai, w[i, 12], w[i, 13], w[i, 14], w[i, 15], g3, h3)
                re[i] += (r0.real * g0 - r0.imag * h0) + (r1.real * g1 - r1.imag * h1)
                re[i] += (r2.real * g2 - r2.imag * h2) + (r3.real * g3 - r3.imag * h3)
                im[i] += (r0.real * h0 + r0.imag * g0) + (r1.real * h1 + r1.imag * g1)
                im[i] += (r2.real * h2 + r2.imag * g2) + (r3.real * h3 + r3.imag * g3)
    return phase, worst


@jit(error_model="numpy")
def smooth_steps(edges, first, middle, second, sizes, dt, seen_at, seen, allowed):
    """How many of a chunk's steps see a smooth H(t), and with which of them the chunk shall end.

    A step sees f_k(t) at its two Gauss nodes, `first` and `second`, shape (steps, parts). It is
    trusted if the cubic through these and the values at its ends, edges[step] and edges[step + 1],
    also meets the values in its middle and those `seen` on the way, at the times `seen_at` (counted
    from the start of the chunk, in steps): what lies between, integrated over the step, times the
    `sizes` of the operators, may not exceed `allowed`. For a smooth f it is four times the error of
    the Gauss rule, for a jump at least as large.

    Returns the number of steps before the first one that is not, the number of steps to take, and
    the largest error in the former (if there is none, that of the first step). The last step to
    take is one where H(t) changes at least half as fast as anywhere among them, since the error of
    that step is measured as a whole.
    """
    steps, parts = first.shape
    k_seen, worst, good = 0, 0.0, steps
    for i in range(steps):
        error = 0.0
        for k in range(parts):
            inner = 0.5 * (first[i, k] + second[i, k])
            outer = 0.5 * (edges[i, k] + edges[i + 1, k])
            error += sizes[k] * abs(middle[i, k] - 1.5 * inner + 0.5 * outer)
        between, looks = 0.0, 0
        while k_seen < seen_at.shape[0] and seen_at[k_seen] < i + 1:
            x = seen_at[k_seen] - i - 0.5
            for k in range(parts):
                inner = 0.5 * (first[i, k] + second[i, k])
                outer = 0.5 * (edges[i, k] + edges[i + 1, k])
                slope = edges[i + 1, k] - edges[i, k]
                cubic = 6.0 * (slope - (second[i, k] - first[i, k]) / (4.0 * ROOT))
                even = 1.5 * inner - 0.5 * outer + 6.0 * (outer - inner) * x * x
                odd = (slope - 0.25 * cubic) * x + cubic * x * x * x
                between += sizes[k] * abs(seen[k_seen, k] - even - odd)
            k_seen += 1
            looks += 1
        error = dt * max(error, between / max(looks, 1))
        if not error <= allowed:
            good = i
            if i == 0:
                worst = error
            break
        worst = max(worst, error)
    change = np.empty(max(2 * good - 1, 0))
    largest = 0.0
    for j in range(2 * good - 1):
        i = j // 2
        total = 0.0
        for k in range(parts):
            if j % 2 == 0:
                total += sizes[k] * abs(second[i, k] - first[i, k])
            else:
                total += sizes[k] * abs(first[i + 1, k] - second[i, k])
        change[j] = total
        largest = max(largest, total)
    take = min(good, 1)
    for j in range(2 * good - 2, -1, -1):
        if change[j] >= 0.5 * largest:
            take = (j + 1) // 2 + 1
            break
    return good, take, worst


@jit()
def odd_dephasing_steps(x, left_half, left, right_half, right, keep, mix, count):
    """Steps of H and dephasing for the odd block of a Hermitian operator, in the frame of Jz.

    H takes x to left x right (complex matrices), in two half steps around each step of the noise,
    which takes x to keep x + mix x^dagger, element by element. Returns the new block.
    """
    x, y = x.copy(), np.empty_like(x)
    size = x.shape[0]
    np.dot(left_half, x, y)
    np.dot(y, right_half, x)
    for step in range(count):
        for i in range(size):
            for j in range(i + 1):
                a, b = x[i, j], x[j, i]
                x[i, j] = keep[i, j] * a + mix[i, j] * np.conj(b)
                x[j, i] = keep[j, i] * b + mix[j, i] * np.conj(a)
        last = step == count - 1
        np.dot(left_half if last else left, x, y)
        np.dot(y, right_half if last else right, x)
    return x


@jit()
def even_dephasing_steps(x, left_half, left, right_half, right, keep, mix, count):
    """The same for the two even blocks, shape (2, size, size), of which the noise makes mixtures.

    keep x[0] + mix x[1] becomes x[0], and the other way round; propagators are stacked, too.
    """
    x, y = x.copy(), np.empty_like(x[0])
    size = x.shape[1]
    for k in range(2):
        np.dot(left_half[k], x[k], y)
        np.dot(y, right_half[k], x[k])
    for step in range(count):
        for i in range(size):
            for j in range(size):
                a, b = x[0, i, j], x[1, i, j]
                x[0, i, j] = keep[i, j] * a + mix[i, j] * b
                x[1, i, j] = keep[i, j] * b + mix[i, j] * a
        last = step == count - 1
        for k in range(2):
            np.dot(left_half[k] if last else left[k], x[k], y)
            np.dot(y, right_half[k] if last else right[k], x[k])
    return x
