"""Words of dates in many languages: months, weekdays, eras, time zones, and headers of months, quarters and years."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

_MONTH_NAMES: dict[str, str] = {
    "cs": "ledna/led/leden února/úno/únor března/bře/březen dubna/dub/duben května/kvě/květen června/čvn/červen"
    " července/čvc/červenec srpna/srp/srpen září/zář října/říj/říjen listopadu/lis/listopad"
    " prosince/pro/prosinec",
    "da": "januar/jan februar/feb marts/mar april/apr maj juni/jun juli/jul august/aug september/sep/sept oktober/okt"
    " november/nov december/dec",
    "de": "Januar/Jan/Jänner/Jän Februar/Feb/Feber März/Mrz/Mär/Maerz April/Apr Mai Juni/Jun Juli/Jul August/Aug"
    " September/Sep/Sept Oktober/Okt November/Nov Dezember/Dez",
    "el": "Ιανουαρίου/Ιαν/Ιανουάριος Φεβρουαρίου/Φεβ/Φεβρουάριος Μαρτίου/Μαρ/Μάρτιος Απριλίου/Απρ/Απρίλιος"
    " Μαΐου/Μαΐ/Μάιος Ιουνίου/Ιουν/Ιούνιος Ιουλίου/Ιουλ/Ιούλιος Αυγούστου/Αυγ/Αύγουστος"
    " Σεπτεμβρίου/Σεπ/Σεπτέμβριος Οκτωβρίου/Οκτ/Οκτώβριος Νοεμβρίου/Νοε/Νοέμβριος Δεκεμβρίου/Δεκ/Δεκέμβριος",
    "en": "January/Jan February/Feb March/Mar April/Apr May June/Jun July/Jul August/Aug September/Sep/Sept"
    " October/Oct November/Nov December/Dec",
    "es": "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago"
    " septiembre/sep/sept/setiembre/set octubre/oct noviembre/nov diciembre/dic",
    "fi": "tammikuuta/tammi/tammikuu helmikuuta/helmi/helmikuu maaliskuuta/maalis/maaliskuu huhtikuuta/huhti/huhtikuu"
    " toukokuuta/touko/toukokuu kesäkuuta/kesä/kesäkuu heinäkuuta/heinä/heinäkuu elokuuta/elo/elokuu"
    " syyskuuta/syys/syyskuu lokakuuta/loka/lokakuu marraskuuta/marras/marraskuu joulukuuta/joulu/joulukuu",
    "fr": "janvier/janv/jan février/févr/fév mars/mar avril/avr/av mai juin/jun juillet/juil/jul août/aou"
    " septembre/sept/sep octobre/oct novembre/nov décembre/déc",
    "hi": "जनवरी/जन॰/जन फ़रवरी/फ़र॰/फरवरी/फ़र मार्च अप्रैल/अप्रै मई जून जुलाई/जुल॰/जुल अगस्त/अग॰/अग"
    " सितंबर/सित॰/सितम्बर/सित अक्टूबर/अक्टू॰/अक्तूबर/अक्टू नवंबर/नव॰/नवम्बर/नव दिसंबर/दिस॰/दिसम्बर/दिस",
    "hu": "január/jan február/febr/feb március/márc/már április/ápr május/máj június/jún július/júl augusztus/aug"
    " szeptember/szept/szep október/okt november/nov december/dec",
    "id": "Januari/Jan Februari/Feb Maret/Mar April/Apr Mei Juni/Jun Juli/Jul Agustus/Agu/Agt September/Sep/Sept"
    " Oktober/Okt November/Nov/Nop Desember/Des",
    "it": "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago"
    " settembre/set/sett ottobre/ott novembre/nov dicembre/dic",
    "ja": "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
    "ko": "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
    "nb": "januar/jan februar/feb mars/mar april/apr mai juni/jun juli/jul august/aug september/sep/sept oktober/okt"
    " november/nov desember/des",
    "nl": "januari/jan februari/feb maart/mrt/mar april/apr mei juni/jun juli/jul augustus/aug september/sep/sept"
    " oktober/okt november/nov december/dec",
    "pl": "stycznia/sty/styczeń lutego/lut/luty marca/mar/marzec kwietnia/kwi/kwiecień maja/maj czerwca/cze/czerwiec"
    " lipca/lip/lipiec sierpnia/sie/sierpień września/wrz/wrzesień października/paź/październik"
    " listopada/lis/listopad grudnia/gru/grudzień",
    "pt": "janeiro/jan fevereiro/fev março/mar abril/abr maio/mai junho/jun julho/jul agosto/ago setembro/set"
    " outubro/out novembro/nov dezembro/dez",
    "ro": "ianuarie/ian februarie/feb martie/mar aprilie/apr mai iunie/iun iulie/iul august/aug septembrie/sept/sep"
    " octombrie/oct noiembrie/nov decembrie/dec",
    "ru": "января/янв/январь февраля/фев/февр/февраль марта/мар/март апреля/апр/апрель мая/май июня/июн/июнь"
    " июля/июл/июль августа/авг/август сентября/сен/сент/сентябрь октября/окт/октябрь ноября/ноя/нояб/ноябрь"
    " декабря/дек/декабрь",
    "sk": "januára/jan/január februára/feb/február marca/mar/marec apríla/apr/apríl mája/máj júna/jún júla/júl"
    " augusta/aug/august septembra/sep/september októbra/okt/október novembra/nov/november"
    " decembra/dec/december",
    "sv": "januari/jan februari/feb mars/mar april/apr maj juni/jun juli/jul augusti/aug september/sep/sept"
    " oktober/okt november/nov december/dec",
    "tr": "Ocak/Oca Şubat/Şub Mart/Mar Nisan/Nis Mayıs/May Haziran/Haz Temmuz/Tem Ağustos/Ağu Eylül/Eyl Ekim/Eki"
    " Kasım/Kas Aralık/Ara",
    "uk": "січня/січ/січень лютого/лют/лютий березня/бер/березень квітня/кві/квіт/квітень травня/тра/трав/травень"
    " червня/чер/черв/червень липня/лип/липень серпня/сер/серп/серпень вересня/вер/вересень"
    " жовтня/жов/жовт/жовтень листопада/лис/лист/листопад грудня/гру/груд/грудень",
    "zh": "1月/一月 2月/二月 3月/三月 4月/四月 5月/五月 6月/六月 7月/七月 8月/八月 9月/九月 10月/十月"
    " 11月/十一月 12月/十二月",
}
"""Long name first, then the usual abbreviation, then other spellings."""

_WEEKDAY_NAMES: dict[str, str] = {
    "cs": "pondělí/po úterý/út středa/st čtvrtek/čt pátek/pá sobota/so neděle/ne",
    "da": "mandag/man tirsdag/tir/tirs onsdag/ons torsdag/tor/tors fredag/fre lørdag/lør søndag/søn",
    "de": "Montag/Mo Dienstag/Di Mittwoch/Mi Donnerstag/Do Freitag/Fr Samstag/Sa/Sonnabend Sonntag/So",
    "el": "Δευτέρα/Δευ Τρίτη/Τρί Τετάρτη/Τετ Πέμπτη/Πέμ Παρασκευή/Παρ Σάββατο/Σάβ Κυριακή/Κυρ",
    "en": "Monday/Mon Tuesday/Tue/Tues Wednesday/Wed Thursday/Thu/Thurs/Thur Friday/Fri Saturday/Sat Sunday/Sun",
    "es": "lunes/lun martes/mar miércoles/mié jueves/jue viernes/vie sábado/sáb domingo/dom",
    "fi": "maanantai/ma tiistai/ti keskiviikko/ke torstai/to perjantai/pe lauantai/la sunnuntai/su",
    "fr": "lundi/lun mardi/mar mercredi/mer jeudi/jeu vendredi/ven samedi/sam dimanche/dim",
    "hi": "सोमवार/सोम मंगलवार/मंगल बुधवार/बुध गुरुवार/गुरु शुक्रवार/शुक्र शनिवार/शनि रविवार/रवि",
    "hu": "hétfő/H kedd/K szerda/Sze csütörtök/Cs péntek/P szombat/Szo vasárnap/V",
    "id": "Senin/Sen Selasa/Sel Rabu/Rab Kamis/Kam Jumat/Jum Sabtu/Sab Minggu/Min",
    "it": "lunedì/lun martedì/mar mercoledì/mer giovedì/gio venerdì/ven sabato/sab domenica/dom",
    "ja": "月曜日/月 火曜日/火 水曜日/水 木曜日/木 金曜日/金 土曜日/土 日曜日/日",
    "ko": "월요일/월 화요일/화 수요일/수 목요일/목 금요일/금 토요일/토 일요일/일",
    "nb": "mandag/man tirsdag/tir/tirs onsdag/ons torsdag/tor/tors fredag/fre lørdag/lør søndag/søn",
    "nl": "maandag/ma dinsdag/di woensdag/wo donderdag/do vrijdag/vr zaterdag/za zondag/zo",
    "pl": "poniedziałek/pon wtorek/wt środa/śr czwartek/czw piątek/pt sobota/sob niedziela/niedz",
    "pt": "segunda-feira/seg/segunda terça-feira/ter/terça quarta-feira/qua/quarta quinta-feira/qui/quinta"
    " sexta-feira/sex/sexta sábado/sáb domingo/dom",
    "ro": "luni/lun marți/mar miercuri/mie joi vineri/vin sâmbătă/sâm duminică/dum",
    "ru": "понедельник/пн вторник/вт среда/ср четверг/чт пятница/пт суббота/сб воскресенье/вс",
    "sk": "pondelok/po utorok/ut streda/st štvrtok/št piatok/pi sobota/so nedeľa/ne",
    "sv": "måndag/mån tisdag/tis onsdag/ons torsdag/tors fredag/fre lördag/lör söndag/sön",
    "tr": "Pazartesi/Pzt Salı/Sal Çarşamba/Çar Perşembe/Per Cuma/Cum Cumartesi/Cmt Pazar/Paz",
    "uk": "понеділок/пн вівторок/вт середа/ср четвер/чт п'ятниця/пт/пʼятниця субота/сб неділя/нд",
    "zh": "星期一/周一 星期二/周二 星期三/周三 星期四/周四 星期五/周五 星期六/周六 星期日/周日/星期天",
}
"""Monday first, in the notation of `_MONTHS`."""

_DAY_PERIODS: dict[str, str] = {
    "ja": "午前 午後",
    "hi": "पूर्वाह्न/सुबह अपराह्न/शाम",
    "tr": "ÖÖ ÖS",
    "sv": "fm/f.m em/e.m",
    "ko": "오전 오후",
    "zh": "上午 下午",
}
"""Names before and after noon, in languages that have names besides AM and PM."""
_AM_PM = (
    ("AM", "A.M", "a. m", "a.\u00a0m", "a.\u202fm", "a"),
    ("PM", "P.M", "p. m", "p.\u00a0m", "p.\u202fm", "p"),
)

LANGUAGES = tuple(sorted(_MONTH_NAMES))
_TRIED_FIRST = ("en", "de", "es", "fr", "hi", "it", "ja", "nl", "pl", "pt", "sv", "tr")
LANGUAGES_BY_USE = (*_TRIED_FIRST, *(language for language in LANGUAGES if language not in _TRIED_FIRST))
"""In the order in which they are tried, because many names are the same in several languages."""

Era = Literal["", "buddhist", "japanese"]
ERAS: tuple[Era, ...] = ("buddhist", "japanese")
_BUDDHIST_START = 543
_JAPANESE_STARTS = {"令和": 2018, "平成": 1988, "昭和": 1925, "㋿": 2018, "R": 2018, "H": 1988, "S": 1925}
"""Era → the year before its first."""
_BUDDHIST_YEAR = re.compile(r"(?<![0-9])2[456][0-9]{2}(?![0-9])")
_JAPANESE_YEAR = re.compile(r"^(令和|平成|昭和|㋿|[RHSrhs])\s?([0-9]{1,2}|元)(?=[年./-])")

ZONE_OFFSETS = {
    "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "eet": 120,
    "eest": 180, "pst": -480, "pdt": -420, "mst": -420, "mdt": -360, "est": -300, "edt": -240, "jst": 540,
}  # fmt: skip
"""Word → minutes. Words of several zones are not among them: CST is a time in Chicago and in Shanghai, BST in London
and in Dhaka, IST in Mumbai, Dublin and Jerusalem."""
ZONE_PATTERN = "|".join((r"(?:utc|gmt)?[+-][0-9]{1,2}(?::?[0-5][0-9])?", *sorted(ZONE_OFFSETS, key=len, reverse=True)))
"""Regular expression of an offset in lower case."""
_NUMERIC_OFFSET = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{2})?$")

Period = Literal["month", "quarter", "year"]
_PERIOD_HEADERS: dict[Period, str] = {
    "month": "month, month id, month no, month number, month name, sales month, sale month, order month, invoice month,"
    " monat, monatsname, verkaufsmonat, mois, nom du mois, mes, nombre del mes, mês, nome do mês, mese, maand, miesiąc,"
    " månad, ay, 月, 売上月, महीना",
    "quarter": "quarter, qtr, qtr id, quartal, trimestre, kwartaal, kwartał, kvartal, çeyrek, 四半期, तिमाही",
    "year": "year, year id, sales year, order year, jahr, année, año, ano, anno, jaar, rok, år, yıl, 年, वर्ष",
}
_MONTH_CELL = re.compile(r"^(?:m|[0-9]{4}[-/.]?)?(?P<month>0?[1-9]|1[0-2])(?:月|\.0)?$", re.IGNORECASE)
_QUARTER_CELL = re.compile(
    r"^(?:[0-9]{4}[-/ ]?)?(?:q|qtr|t|k)?\s?(?P<quarter>[1-4])(?:\.0)?(?:[-/ ]?[0-9]{4})?$", re.IGNORECASE
)
_YEAR_CELL = re.compile(r"^(?P<year>(?:19|20)[0-9]{2})(?:\.0|年)?$")


def likely_languages(languages: Iterable[str]) -> tuple[str, ...]:
    """Of languages that have the same names, those that are tried first; all if none of them is."""
    named = set(languages)
    return tuple(one for one in _TRIED_FIRST if one in named) or tuple(one for one in LANGUAGES_BY_USE if one in named)


@dataclass(frozen=True)
class CalendarNames:
    """Spellings normalised by `fold_name` → month 1 to 12, weekday 0 (Monday) to 6, day period 0 or 1; and the long and
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
def calendar_names(language: str) -> CalendarNames:
    """The names of a language. Raises `KeyError` unless it is one of `LANGUAGES`."""
    months, weekdays = _split_names(_MONTH_NAMES[language]), _split_names(_WEEKDAY_NAMES[language])
    local = _split_names(_DAY_PERIODS[language]) if language in _DAY_PERIODS else [(), ()]
    halves = [(*spellings, *common) for spellings, common in zip(local, _AM_PM, strict=True)]
    return CalendarNames(
        _by_spelling(months, 1),
        _by_spelling(weekdays, 0),
        _by_spelling(halves, 0),
        tuple(spellings[0] for spellings in months),
        tuple(spellings[min(1, len(spellings) - 1)] for spellings in months),
        tuple(spellings[0] for spellings in weekdays),
        tuple(spellings[min(1, len(spellings) - 1)] for spellings in weekdays),
        tuple(spellings[0] for spellings in halves),
    )


def fold_name(text: str) -> str:
    """Case-fold and compose (NFC), so that equal names compare equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold().replace("i\u0307", "i"))


def _split_names(text: str) -> list[tuple[str, ...]]:
    return [tuple(spellings.split("/")) for spellings in text.split()]


def _by_spelling(names: list[tuple[str, ...]], first: int) -> dict[str, int]:
    """Number by spelling, with and without accents (old tills print none) and with and without an abbreviation dot."""
    numbers: dict[str, int] = {}
    for number, spellings in enumerate(names, first):
        for spelling in map(fold_name, spellings):
            for variant in (spelling, fold_name(_without_accents(spelling))):
                numbers.setdefault(variant, number)
                numbers.setdefault(variant + ".", number)
    return numbers


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not "\u0300" <= char <= "\u036f").replace("ı", "i").replace("ł", "l")


def to_gregorian(text: str, era: Era) -> str:
    """Return the text of a date with its year in the common calendar; other texts unchanged."""
    return _CONVERTERS[era](text) if era else text


def ascii_digits(text: str) -> str:
    """Return the text with decimal digits of other scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(sign if (digit := unicodedata.decimal(sign, None)) is None else str(digit) for sign in text)


def era_of_date(text: str) -> Era:
    """The era of a date; empty if its year may be of the common calendar."""
    return next((era for era in ERAS if to_gregorian(text, era) != text), "")


def _from_buddhist(text: str) -> str:
    return _BUDDHIST_YEAR.sub(lambda year: str(int(year[0]) - _BUDDHIST_START), text, count=1)


def _from_japanese(text: str) -> str:
    def year(match: re.Match[str]) -> str:
        number = 1 if match[2] == "元" else int(match[2])
        return str(_JAPANESE_STARTS[match[1].upper()] + number)

    return _JAPANESE_YEAR.sub(year, text)


_CONVERTERS: dict[str, Callable[[str], str]] = {"buddhist": _from_buddhist, "japanese": _from_japanese}


def zone_offset_minutes(text: str) -> int:
    """The offset of a text that matches `ZONE_PATTERN`, in any case."""
    match = _NUMERIC_OFFSET.search(text)
    if match is None:
        return ZONE_OFFSETS[text.casefold()]
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return minutes if match[1] == "+" else -minutes


def period_of_header(name: str) -> Period | None:
    """The period that a column contains by its name; None for other columns."""
    return _periods_by_header().get(_plain_header(name))


def period_value(kind: Period, cell: str) -> int | None:
    """The number of the month, quarter or year in a cell; None if it is no such cell."""
    text = cell.strip()
    if kind == "month":
        match = _MONTH_CELL.match(text)
        return int(match["month"]) if match else _months_by_name().get(fold_name(text))
    match = (_QUARTER_CELL if kind == "quarter" else _YEAR_CELL).match(text)
    return int(match[kind]) if match else None


@cache
def _periods_by_header() -> dict[str, Period]:
    return {_plain_header(name): kind for kind, listed in _PERIOD_HEADERS.items() for name in listed.split(",")}


@cache
def _months_by_name() -> dict[str, int]:
    """Month name → number, without names that mean different months in two languages."""
    numbers: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for name, number in calendar_names(language).months.items():
            numbers.setdefault(name, set()).add(number)
    return {name: next(iter(months)) for name, months in numbers.items() if len(months) == 1}


def _plain_header(name: str) -> str:
    folded_name = unicodedata.normalize("NFKC", name.casefold())
    return "".join(letter for letter in folded_name if letter.isalnum())
