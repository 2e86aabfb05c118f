"""One spelling for what Japanese writes in many ways, so that a search finds all of them.

`fold` is the one truth. The database keeps folded texts in columns that it computes itself (`folded`):
PostgreSQL by the same table, SQLite by calling `fold`. So no way of writing a row can forget them.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Kanji that names and old documents spell otherwise (異体字): the usual form, then the others. What Unicode itself
# calls a compatibility ideograph (福, 塚 …) is the same after NFKC and does not stand here.
VARIANTS = (
    *("高髙", "崎﨑嵜", "徳德", "浜濱濵", "辺邊邉", "斉齊斎齋", "沢澤", "広廣", "桜櫻", "国國", "恵惠"),
    *("真眞", "栄榮", "寿壽", "瀬瀨", "黒黑", "弥彌", "竜龍", "滝瀧", "島嶋嶌", "峰峯", "吉𠮷", "富冨"),
    *("万萬", "与與", "蔵藏", "円圓", "学學", "曽曾", "桑桒", "渓溪", "条條", "会會", "館舘", "薮藪", "鉄鐵"),
    *("関關", "実實", "豊豐", "鴎鷗", "桧檜", "緑綠", "礼禮", "亀龜", "鶏鷄", "県縣", "区區", "塩鹽", "槙槇"),
    *("祢禰", "尭堯", "壱壹", "弁辨辯瓣"),
)
# Signs for long vowels, dashes and minus look the same and are typed for each other; so are the two waves.
LOOKALIKES = ("-ー‐–—―─−", "~〜")
# Capital letters beside those of ASCII that Japanese codes have: Greek, Cyrillic, Latin with accents.
CAPITALS = (*range(0x41, 0x5B), *range(0xC0, 0xDF), *range(0x391, 0x3AC), *range(0x410, 0x430), 0x401)
KATAKANA = (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)
# Not read: blanks and line ends, the dot between foreign words, signs of no width, those that choose a glyph (IVS).
UNREAD = " \t\n\r\v\f\x85\u2028\u2029・\u200b\u200c\u200d\u2060\ufeff\xad" + "".join(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)


def _table() -> dict[int, int | None]:
    table: dict[int, int | None] = {code: ord(chr(code).lower()) for code in CAPITALS if chr(code).lower() != chr(code)}
    table |= {code: code - 0x60 for code in KATAKANA}
    table |= {ord(other): ord(same[0]) for same in (*VARIANTS, *LOOKALIKES) for other in same[1:]}
    return table | {ord(sign): None for sign in UNREAD}


# Character → character, or None where it is left out. Changing it needs a migration that computes the columns anew.
TABLE = _table()


def fold(text: str) -> str:
    """The text as it is compared: NFKC (width, ㈱, ㌔, ①), small letters, hiragana, usual kanji, without blanks."""
    return unicodedata.normalize("NFKC", text).translate(TABLE)


def folded_words(query: str) -> list[str]:
    """The words of a query, folded, each once; the ideographic space parts them too."""
    return [word for word in dict.fromkeys(map(fold, query.split())) if word]


def _clusters(text: str) -> Iterator[str]:
    """The text in pieces that fold each for itself: a sign with the marks that NFKC joins to it (ｶﾞ)."""
    start = 0
    for at, sign in enumerate(text):
        first = unicodedata.normalize("NFKC", sign)[:1]
        if at > start and not unicodedata.combining(first):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


class Marker:
    """Shows texts with what a search found in them marked."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = list(words)

    def marked(self, text: str) -> SafeString:
        """The whole text, escaped, with <mark> around each place where a word stands."""
        pieces = list(_clusters(text))
        return _html(pieces, self._found(pieces, text))

    def excerpt(self, text: str, length: int = 90, before: int = 24) -> SafeString:
        """About `length` characters of the text around the first such place; '' where there is none."""
        pieces = list(_clusters(text))
        found = self._found(pieces, text)
        if not found:
            return SafeString("")
        start = max(0, min(found) - before)
        end = start + length
        cut = _html(pieces[start:end], {at - start for at in found})
        return format_html("{}{}{}", "…" if start else "", cut, "…" if end < len(pieces) else "")

    def _found(self, pieces: list[str], text: str) -> set[int]:
        """The numbers of the pieces that belong to a place where a word stands."""
        folded = [fold(piece) for piece in pieces]
        whole = "".join(folded)
        if whole != fold(text):
            return set()  # signs that only join with their neighbours, as in Korean: shown unmarked
        owner = [number for number, piece in enumerate(folded) for _sign in piece]
        found: set[int] = set()
        for word in self.words:
            at = whole.find(word)
            while at >= 0:
                found.update(range(owner[at], owner[at + len(word) - 1] + 1))
                at = whole.find(word, at + 1)
        return found


def _html(pieces: list[str], found: set[int]) -> SafeString:
    runs: list[tuple[bool, list[str]]] = []
    for number, piece in enumerate(pieces):
        is_found = number in found
        if not runs or runs[-1][0] != is_found:
            runs.append((is_found, []))
        runs[-1][1].append(piece)
    shown = ((format_html("<mark>{}</mark>" if is_found else "{}", "".join(run)),) for is_found, run in runs)
    return format_html_join("", "{}", shown)
