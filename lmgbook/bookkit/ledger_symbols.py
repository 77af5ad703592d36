r"""What the symbols of a row mean: a row is read alone, far from the page that explains them.

A claims file lists them under `symbols`: the spellings of a symbol, `$\Lambda$, Λ`, or a word of
the paper, and a phrase that says what it is. A row shows the phrases of what occurs in it.
"""

import re

MATH = re.compile(r"\$+([^$]+)\$+")
NAMES = re.compile(r"\\(?:mathrm|text|operatorname|mathcal)\s*(?:\{[^{}]*\}|[A-Za-z])")


def spellings(name):
    """The ways of writing one symbol."""
    return [each.strip() for each in name.split(", ")]


def occurs(name, text):
    """Whether a symbol, or a word in the singular or plural, stands in a text (MyST)."""
    formulas, words = " ".join(MATH.findall(text)), MATH.sub(" ", text)
    plain = NAMES.sub(" ", formulas)  # the d of an upright d is no dimension
    for spelling in spellings(name):
        if spelling.startswith("$"):
            sign = spelling.strip("$")
            # neither a part of a longer name, nor the bare letter of one with an index or a prime
            before = r"(?<![A-Za-z\\_])" if sign[0].isalpha() or sign[0] == "\\" else ""
            after = "(?![A-Za-z_'])" if sign[-1].isalpha() else ""
            pattern = before + re.escape(sign) + after
            found = re.search(pattern, formulas if NAMES.search(sign) else plain)
        else:
            flags = re.IGNORECASE if len(spelling) > 3 else 0
            found = re.search(rf"(?<![\w\\'’-]){re.escape(spelling)}s?(?![\w'])", words, flags)
        if found:
            return True
    return False


def used(symbols, text, own=()):
    """What the symbols and words of a text mean, in the table's order.

    Parameters
    ----------
    symbols : dict of str to str
    text : str
    own : sequence of str
        Symbols, by their first spelling, that the text uses for something else.

    Returns
    -------
    list of str
    """
    return [
        meaning
        for name, meaning in symbols.items()
        if spellings(name)[0] not in own and occurs(name, text)
    ]


def dressed(symbols, text):
    """The text with formulas in the place of spellings like n_exc, outside of its formulas.

    Such a spelling follows its formula in the table.
    """
    for name in symbols:
        written = spellings(name)
        for formula, plain in zip(written, written[1:], strict=False):
            if "_" in plain and formula.startswith("$") and not plain.startswith("$"):
                pattern = rf"(\$[^$]*\$)|(?<!\w){re.escape(plain)}(?!\w)"
                text = re.sub(pattern, lambda at, to=formula: at[1] or to, text)
    return text
