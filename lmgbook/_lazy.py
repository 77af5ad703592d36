"""Faces of the chapters: names offered at once, loaded when asked for (PEP 562)."""

import importlib


def face(package, names):
    """Return `__getattr__`, `__dir__` and `__all__` of a package that loads its names lazily.

    Parameters
    ----------
    package : str
        Dotted name of the package.
    names : dict of str to str
        File of the package -> the names that it offers, separated by spaces.

    Returns
    -------
    tuple
        To be bound to `__getattr__`, `__dir__`, `__all__` in the package.
    """
    home = {name: file for file, offered in names.items() for name in offered.split()}

    def __getattr__(name):
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{home[name]}"), name)

    return __getattr__, lambda: sorted(home), list(home)
