"""The compiled step of classical spins, imported when first needed."""

from .._jit import jit


@jit(error_model="numpy")
def tangent(angle):
    """The tangent of half a small angle."""
    half = angle / 2
    square = half * half
    return half * (1 + square * (1 / 3 + square * (2 / 15)))


@jit(error_model="numpy")
def rotate(a, b, tangent):
    """Exactly orthogonal for any value of the tangent of half the angle."""
    sine = 2 * tangent / (1 + tangent * tangent)
    a = a - tangent * b
    b = b + sine * a
    return a - tangent * b, b


@jit(error_model="numpy")
def precession_step(x, y, z, twist, fields, about_z, turns):
    """Turn spins, shape (count,) each, in place: about z and x in turn, by `fields` and `turns`."""
    for i in range(len(fields)):
        field, part, turn = fields[i], about_z[i], turns[i]
        for j in range(len(x)):
            a, b, c = x[j], y[j], z[j]
            a, b = rotate(a, b, tangent((-twist * c - field) * part))
            x[j] = a
            y[j], z[j] = rotate(b, c, turn)
