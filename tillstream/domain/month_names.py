"""Names of months, weekdays and day periods (AM, PM) by language, as sources write them."""

import unicodedata
from dataclasses import dataclass
from functools import cache

_MONTHS: dict[str, str] = {
    "de": "Januar/Jan/Jänner/Jän Februar/Feb/Feber März/Mrz/Mär/Maerz April/Apr Mai Juni/Jun Juli/Jul August/Aug"
    " September/Sep/Sept Oktober/Okt November/Nov Dezember/Dez",
    "en": "January/Jan February/Feb March/Mar April/Apr May June/Jun July/Jul August/Aug September/Sep/Sept"
    " October/Oct November/Nov December/Dec",
    "es": "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago"
    " septiembre/sep/sept/setiembre/set octubre/oct noviembre/nov diciembre/dic",
    "fr": "janvier/janv/jan février/févr/fév mars/mar avril/avr/av mai juin/jun juillet/juil/jul août/aou"
    " septembre/sept/sep octobre/oct novembre/nov décembre/déc",
    "hi": "जनवरी/जन॰/जन फ़रवरी/फ़र॰/फरवरी/फ़र मार्च अप्रैल/अप्रै मई जून जुलाई/जुल॰/जुल अगस्त/अग॰/अग सितंबर/सित॰/सितम्बर/सित"
    " अक्टूबर/अक्टू॰/अक्तूबर/अक्टू नवंबर/नव॰/नवम्बर/नव दिसंबर/दिस॰/दिसम्बर/दिस",
    "it": "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago settembre/set/sett"
    " ottobre/ott novembre/nov dicembre/dic",
    "ja": "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
    "nl": "januari/jan februari/feb maart/mrt/mar april/apr mei juni/jun juli/jul augustus/aug september/sep/sept"
    " oktober/okt november/nov december/dec",
    "pl": "stycznia/sty/styczeń lutego/lut/luty marca/mar/marzec kwietnia/kwi/kwiecień maja/maj czerwca/cze/czerwiec"
    " lipca/lip/lipiec sierpnia/sie/sierpień września/wrz/wrzesień października/paź/październik listopada/lis/listopad"
    " grudnia/gru/grudzień",
    "pt": "janeiro/jan fevereiro/fev março/mar abril/abr maio/mai junho/jun julho/jul agosto/ago setembro/set"
    " outubro/out novembro/nov dezembro/dez",
    "sv": "januari/jan februari/feb mars/mar april/apr maj juni/jun juli/jul augusti/aug september/sep/sept"
    " oktober/okt november/nov december/dec",
    "tr": "Ocak/Oca Şubat/Şub Mart/Mar Nisan/Nis Mayıs/May Haziran/Haz Temmuz/Tem Ağustos/Ağu Eylül/Eyl Ekim/Eki"
    " Kasım/Kas Aralık/Ara",
}
"""Long name first, then the usual abbreviation, then other spellings."""

_WEEKDAYS: dict[str, str] = {
    "de": "Montag/Mo Dienstag/Di Mittwoch/Mi Donnerstag/Do Freitag/Fr Samstag/Sa/Sonnabend Sonntag/So",
    "en": "Monday/Mon Tuesday/Tue/Tues Wednesday/Wed Thursday/Thu/Thurs/Thur Friday/Fri Saturday/Sat Sunday/Sun",
    "es": "lunes/lun martes/mar miércoles/mié jueves/jue viernes/vie sábado/sáb domingo/dom",
    "fr": "lundi/lun mardi/mar mercredi/mer jeudi/jeu vendredi/ven samedi/sam dimanche/dim",
    "hi": "सोमवार/सोम मंगलवार/मंगल बुधवार/बुध गुरुवार/गुरु शुक्रवार/शुक्र शनिवार/शनि रविवार/रवि",
    "it": "lunedì/lun martedì/mar mercoledì/mer giovedì/gio venerdì/ven sabato/sab domenica/dom",
    "ja": "月曜日/月 火曜日/火 水曜日/水 木曜日/木 金曜日/金 土曜日/土 日曜日/日",
    "nl": "maandag/ma dinsdag/di woensdag/wo donderdag/do vrijdag/vr zaterdag/za zondag/zo",
    "pl": "poniedziałek/pon wtorek/wt środa/śr czwartek/czw piątek/pt sobota/sob niedziela/niedz",
    "pt": "segunda-feira/seg/segunda terça-feira/ter/terça quarta-feira/qua/quarta quinta-feira/qui/quinta"
    " sexta-feira/sex/sexta sábado/sáb domingo/dom",
    "sv": "måndag/mån tisdag/tis onsdag/ons torsdag/tors fredag/fre lördag/lör söndag/sön",
    "tr": "Pazartesi/Pzt Salı/Sal Çarşamba/Çar Perşembe/Per Cuma/Cum Cumartesi/Cmt Pazar/Paz",
}
"""Monday first, in the notation of `_MONTHS`."""

_DAY_PERIODS: dict[str, str] = {"ja": "午前 午後", "hi": "पूर्वाह्न/सुबह अपराह्न/शाम", "tr": "ÖÖ ÖS", "sv": "fm/f.m em/e.m"}
"""Names before and after noon, in languages that have names besides AM and PM."""
_AM_PM = (
    ("AM", "A.M", "a. m", "a.\u00a0m", "a.\u202fm", "a"),
    ("PM", "P.M", "p. m", "p.\u00a0m", "p.\u202fm", "p"),
)

LANGUAGES = tuple(sorted(_MONTHS))


@dataclass(frozen=True)
class Names:
    """Spellings normalised by `folded` → month 1 to 12, weekday 0 (Monday) to 6, day period 0 or 1; and the long and
    the short name of each as usually written."""

    months: dict[str, int]
    weekdays: dict[str, int]
    halves: dict[str, int]
    long_months: tuple[str, ...]
    short_months: tuple[str, ...]
    long_weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    half_names: tuple[str, ...]


@cache
def names(language: str) -> Names:
    """The names of a language. Raises `KeyError` unless it is one of `LANGUAGES`."""
    months, weekdays = _split(_MONTHS[language]), _split(_WEEKDAYS[language])
    local = _split(_DAY_PERIODS[language]) if language in _DAY_PERIODS else [(), ()]
    halves = [(*spellings, *common) for spellings, common in zip(local, _AM_PM, strict=True)]
    return Names(
        _by_spelling(months, 1),
        _by_spelling(weekdays, 0),
        _by_spelling(halves, 0),
        tuple(spellings[0] for spellings in months),
        tuple(spellings[min(1, len(spellings) - 1)] for spellings in months),
        tuple(spellings[0] for spellings in weekdays),
        tuple(spellings[min(1, len(spellings) - 1)] for spellings in weekdays),
        tuple(spellings[0] for spellings in halves),
    )


def folded(text: str) -> str:
    """Case-fold and compose (NFC), so that equal names compare equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold().replace("i\u0307", "i"))


def _split(text: str) -> list[tuple[str, ...]]:
    return [tuple(spellings.split("/")) for spellings in text.split()]


def _by_spelling(names: list[tuple[str, ...]], first: int) -> dict[str, int]:
    """Number by spelling, with and without accents (old tills print none) and with and without an abbreviation dot."""
    numbers: dict[str, int] = {}
    for number, spellings in enumerate(names, first):
        for spelling in map(folded, spellings):
            for variant in (spelling, folded(_without_accents(spelling))):
                numbers.setdefault(variant, number)
                numbers.setdefault(variant + ".", number)
    return numbers


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not "\u0300" <= char <= "\u036f").replace("ı", "i").replace("ł", "l")
