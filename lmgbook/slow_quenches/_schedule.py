"""The field of a ramp as a function of time."""

import numpy as np
from scipy.optimize import elementwise


class Schedule:
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
        bent = (distance < self.smooth) | (distance > self.span - self.smooth)
        if np.any(bent):
            reached = elementwise.find_root(
                lambda t, field: self.distance(t) - field, (0.0, self.total), args=(distance[bent],)
            )
            times[bent] = reached.x
        return times
