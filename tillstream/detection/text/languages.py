"""Letters beyond ASCII of languages in Latin script, and the encodings in which their tills and computers write."""

from collections.abc import Iterable, Mapping

_LOWER = {
    "German": "äöüß",
    "French": "àâæçéèêëîïôœùûüÿ",
    "Spanish": "áéíñóúü",
    "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìîòù",
    "Dutch": "áéëíïóöúü",
    "Catalan": "àçèéíïòóúü",
    "Danish or Norwegian": "æøåéü",
    "Swedish or Finnish": "åäöéü",
    "Icelandic": "áæðéíóöþúý",
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîşţșț",
    "Croatian or Slovenian": "čćđšž",
    "Turkish": "çğıöşüâîû",
    "Lithuanian": "ąčęėįšųūž",
    "Latvian": "āčēģīķļņōŗšūž",
    "Estonian": "äõöüšž",
}
_TURKISH_CAPITALS = "İ"
ALPHABETS = {
    name: frozenset(letters + letters.upper().replace("SS", "") + (_TURKISH_CAPITALS if name == "Turkish" else ""))
    for name, letters in _LOWER.items()
}
WESTERN = tuple(ALPHABETS)[:10]
_CENTRAL = ("Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian or Slovenian", "German")
_BALTIC = ("Lithuanian", "Latvian", "Estonian", "Polish")
LANGUAGES_BY_ENCODING = {
    "cp1252": WESTERN,
    "cp850": WESTERN,
    "mac-roman": WESTERN,
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp852": _CENTRAL,
    "mac-latin2": _CENTRAL,
    "cp1254": ("Turkish",),
    "cp857": ("Turkish",),
    "cp1257": _BALTIC,
}
WESTERN_LETTERS = frozenset().union(*(ALPHABETS[name] for name in WESTERN)) - frozenset("ðþýÐÞÝŸ")
LETTERS_BY_FREQUENCY = {
    "CYRILLIC": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "GREEK": "αοιετσνηυρπκμλςωγδχθφβξζψ",
    "HEBREW": "יוהלאמרתבשנכחדפםקעסגצטזןףךץ",
    "ARABIC": "اليمنورتبةعدسفهكقأحجشطصىخإذضغزثئظءؤآ",
}
"""Alphabets other than Latin, as Unicode names them, most frequent letter first."""


def language_share(letters: Mapping[str, int], languages: Iterable[str]) -> float:
    """Largest share of the letters that the alphabet of one language contains. letters: letter → count."""
    total = sum(letters.values())
    counts = (sum(n for letter, n in letters.items() if letter in ALPHABETS[name]) for name in languages)
    return max(counts) / total if total else 1.0
