"""Make the font that pictures fall back on: one box, for every letter there is.

    python scripts/make_box_font.py [FILE]

writes the font, by default where the library reads it, the same to the last bit every time. It
needs fontTools, which matplotlib brings.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

TARGET = Path(__file__).parents[1] / "src/loyaltymodel/plots/_boxes.ttf"
NAME = "loyaltymodel boxes"
EM = 1000  # units of a font in the height of a letter
OUTER, INNER = (60, -60, 940, 820), (120, 0, 880, 760)  # left, bottom, right, top
MADE = 3_786_912_000  # seconds from 1904 to 2024, so that the file is the same whenever it is made


def main(target: Path) -> None:
    """Draw the box, give it to every letter, and write the font."""
    pen = TTGlyphPen(None)
    for (left, bottom, right, top), turn in ((OUTER, 1), (INNER, -1)):
        # The inner square runs the other way round, which leaves it empty.
        first, *others = [(left, bottom), (left, top), (right, top), (right, bottom)][::turn]
        pen.moveTo(first)
        for corner in others:
            pen.lineTo(corner)
        pen.closePath()
    box = pen.glyph()
    font = FontBuilder(EM, isTTF=True)
    font.setupGlyphOrder([".notdef", "box"])
    font.setupCharacterMap({})
    font.setupGlyf({".notdef": box, "box": box})
    font.setupHorizontalMetrics(dict.fromkeys((".notdef", "box"), (EM, OUTER[0])))
    font.setupHorizontalHeader(ascent=880, descent=-120)
    font.setupNameTable(
        {
            "familyName": NAME,
            "styleName": "Regular",
            "uniqueFontIdentifier": NAME,
            "fullName": NAME,
            "psName": NAME.replace(" ", "-"),
            "version": "Version 1.0",
        }
    )
    font.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    font.setupPost()
    # Format 13 lets a whole range of letters share a glyph, so that the file stays below 1 kB.
    table = CmapSubtable.newSubtable(13)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.format, table.reserved, table.length, table.nGroups = 13, 0, 0, 0
    table.cmap = dict.fromkeys(range(1, sys.maxunicode + 1), "box")
    font.font["cmap"].tables = [table]
    font.font["head"].created = font.font["head"].modified = MADE
    font.font.recalcTimestamp = False
    font.save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
