"""Make `math.woff2`, the font of the formulas, from STIX Two Math.

It need not run unless formulas want a character that the font lacks (a test says which):

    python -m lmgbook.bookkit.math_font STIXTwoMath-Regular.ttf

with the packages of the tests, and the font from https://github.com/stipub/stixfonts. What is kept
is what physics writes: letters, Greek, the usual alphabets and operators, with the tall forms of
brackets. Three things differ from the original:

* Root signs are as wide as the lowest one, whatever their height: Chromium leaves the room of the
  widest beside each.
* A prime is the form for exponents, because it only ever is one, and Chromium does not choose it.
* Hints and the features of text are left out.
"""

import sys
import unicodedata
from pathlib import Path

from fontTools import subset, ttLib  # they come with Matplotlib

PATH = Path(__file__).with_name("math.woff2")
NAME = "lmgbook Math"
RANGES = """
20-7e a0 a8 ac af-b1 b4 b7 d7 f7 131 237 2c6 2c7 2d8-2da 2dc 300-304 306-308 30c 332 338
391-3a1 3a3-3a9 3b1-3c9 3d1 3d5 3d6 3f0 3f1 3f4 3f5
2013 2014 2016 2018 2019 201c 201d 2020 2021 2026 2032-2034 203e 2057 2061-2064
2102 210a-210f 2110-2113 2115 211a-211d 2124 212c 2130 2131 2133 2190-2195 21a6 21cc 21d0-21d4
2200 2202-2209 220b 220f-2213 2217-221a 221d 221e 2220 2223 2225-222e 2234 223c 2243 2245 2248
224d 2250 2254 2260 2261 2264 2265 226a 226b 226e 226f 2272 2273 2282 2283 2286 2287 2295 2297
22a5 22c5 22ee 22ef 22f1 2308-230b 23b4 23b5 23dc-23df 27e8 27e9 27f5-27fa
1d400-1d4cf 1d538-1d56b 1d6a4 1d6a5 1d6a8-1d755 1d7ce-1d7e1
"""
PRIMES = 0x2032, 0x2033, 0x2034


def unicodes():
    """The characters of `RANGES`."""
    found = []
    for part in RANGES.split():
        first, _, last = part.partition("-")
        found += range(int(first, 16), int(last or first, 16) + 1)
    # the alphabets have holes where a letter was there before
    return [code for code in found if unicodedata.category(chr(code)) != "Cn"]


def narrow_roots(font):
    """Squeeze the tall root signs, and the pieces of the tallest, to the width of the lowest."""
    root = font.getBestCmap()[0x221A]
    variants = font["MATH"].table.MathVariants
    shapes = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(root)]
    width, metrics, glyphs = font["hmtx"][root][0], font["hmtx"], font["glyf"]
    names = {record.VariantGlyph for record in shapes.MathGlyphVariantRecord}
    names |= {part.glyph for part in shapes.GlyphAssembly.PartRecords}
    for name in names - {root}:
        scale = width / metrics[name][0]
        glyph = glyphs[name]
        glyph.coordinates.scale((scale, 1))
        glyph.coordinates.toInt()
        glyph.recalcBounds(glyphs)
        metrics[name] = width, glyph.xMin


def lower_primes(font):
    """Let each prime stand for its form in an exponent."""
    forms = {}
    for record in font["GSUB"].table.FeatureList.FeatureRecord:
        if record.FeatureTag == "ssty":
            for index in record.Feature.LookupListIndex:
                for table in font["GSUB"].table.LookupList.Lookup[index].SubTable:
                    forms |= getattr(table, "ExtSubTable", table).alternates
    for table in font["cmap"].tables:
        for code in PRIMES:
            if (name := getattr(table, "cmap", {}).get(code)) in forms:
                table.cmap[code] = forms[name][0]


def make(source, target=PATH):
    """Write the font."""
    options = subset.Options()
    options.hinting, options.layout_features = False, []
    options.drop_tables += ["DSIG", "GSUB", "GPOS", "GDEF"]
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    with ttLib.TTFont(source, recalcTimestamp=False) as font:
        lower_primes(font)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=unicodes())
        cutter.subset(font)
        narrow_roots(font)
        for record in font["name"].names:
            if record.nameID in (1, 4, 6):
                record.string = NAME if record.nameID != 6 else NAME.replace(" ", "-")
        font.flavor = "woff2"
        font.save(target)


if __name__ == "__main__":
    make(sys.argv[1])
