"""What a column's name says about its kind: whole words only, so that "grid" holds no "id"."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

WORDS: dict[str, str] = {
    "identifier": "id ids uid uuid guid pid key zip zipcode postcode postal ssn isbn sku serial seq seqn "
    "license licence account acct phone telephone barcode passport idx rowid userid customerid "
    "orderid recordid email url address hash token code codes commune parcel tract iban fips "
    "geoid vin plate provider prov",
    "place": "state county country city region district commune town village province municipality station "
    "location site zone precinct statefip statefips countyfips fips area_code neighborhood "
    "neighbourhood tract ward",
    "datetime": "minute yday doy "
    "date datetime timestamp year yr years_built month mon day weekday dow dayofweek hour hr hhmm "
    "quarter qtr decade week epoch dob birthdate birthday yyyymmdd yyyymm",
    "clock": "time hour hours hr hhmm clock departure arrival dep arr sched scheduled start end minute",
    "proportion": "share shares rate rates pct percent percentage perc prop proportion fraction frac ratio prob "
    "probability probabilities propensity coverage occupancy accuracy precision recall agreement "
    "utilization utilisation efficiency yield saturation turnout",
    "count": "count counts cnt num nr number numbers n freq frequency total visits visit deaths death died "
    "births claims accidents accident crashes calls call events event admissions hospitalizations "
    "doctor children kids siblings pregnancies goals runs hits wins points games murders crimes "
    "arrests articles papers citations publications downloads clicks views likes votes voters "
    "users customers orders items units sold sales trips rides passengers bikes rentals stops "
    "stations failures defects errors bugs cases infections absences absent seizures fish birds "
    "eggs seeds fruits plants animals insects ticks employees workers students pupils teachers "
    "rooms bedrooms bathrooms floors doors seats cars vehicles reviews comments messages emails "
    "tweets shots strikes fouls cards turns attempts tries cigarettes cigs drinks bids awards "
    "prizes companies firms households days nights dependents followers reports tickets engines",
    "measure": "price prices cost costs income wage wages salary salaries earnings earn revenue profit "
    "profits expenditure spending expense expenses amount amt payment pay balance debt loan "
    "budget gdp tax value usd eur dollars dol weight wt mass height ht length len width depth "
    "thickness diameter radius area volume distance dist altitude elevation size speed velocity "
    "mph mpg kmh temp temperature pressure density concentration humidity rain rainfall precip "
    "precipitation snow wind energy power load voltage current dose duration time times hours "
    "minutes seconds weeks months age ages bmi glucose cholesterol level horsepower hp "
    "displacement score sat iq gpa index latitude longitude lat lon lng population pop charges "
    "fare fares rent medv sqft acres mileage",
    "money": "price prices cost costs income wage wages salary salaries earnings revenue profit profits "
    "expenditure budget spending expense expenses amount amt payment pay balance debt loan gdp "
    "tax value usd eur dollars charges fare fares rent",
    "ordinal": "rating ratings rate_overall grade grades level levels stage quality qual satisfaction likert "
    "tier severity priority stars star score scale opinion attitude agree importance interest "
    "like trust health condition cond education educ category rank risk degree resp response "
    "confidence difficulty pain liking preference happy happiness religiousness support strength "
    "bracket band ladder",
    "multiclass": "target outcome digit "
    "type class category group dept department occupation occup job marital race ethnic ethnicity "
    "religion color colour species genus mode plan diet cluster label segment brand make model "
    "sector industry status cause origin language nationality position treatment region state cat "
    "kind method reason party shape material cyl cylinder cylinders gear gears zone precinct "
    "province district service channel store shop birthplace",
    "unit": "subject subj patient person pers respondent participant individual household hh firm company "
    "school hospital clinic farm panel judge rater player team family litter plot tree worker employee "
    "pupil student teacher animal cow rat mouse store shop branch stock item product customer user "
    "client member driver vehicle flight route vessel obs observation record specimen batch classroom case",
    "rank": "rank ranking place position",
    "share_of_hundred": "pct percent percentage perc share turnout",
}
_BY_WORD: dict[str, set[str]] = {}
for _topic, _words in WORDS.items():
    for _word in _words.split():
        _BY_WORD.setdefault(_word, set()).add(_topic)

_NUMBER_OF = {"num", "n", "nr", "number", "no", "count", "cnt", "total", "nb", "tot"}
_NUMBERED = {"num", "nr", "nbr", "number", "no"}
_ENDS = {*_BY_WORD, *_NUMBERED}


@lru_cache(maxsize=1024)
def topics(name: str | None) -> frozenset[str]:
    """The topics that the words of a name belong to.

    >>> sorted(topics("customerID") & {"identifier", "count"}), sorted(topics("grid_idle"))
    (['identifier'], [])
    >>> sorted(topics("numVisits")), sorted(topics("license_number") & {"identifier", "count"})
    (['count'], ['identifier'])
    """
    words = [part for word in _WORD.findall((name or "")[:200]) for part in _parts(word.lower())]
    found = {topic for word in words for topic in _BY_WORD.get(word, ()) if word not in _NUMBER_OF}
    if len(words) > 1 and words[-1] in _NUMBERED:
        found = (found - {"count"}) | {"identifier"}
    elif words and (words[0] in _NUMBER_OF or words[-1] in _NUMBER_OF):
        found = (found - {"measure", "money"} if len(words) > 1 else found) | {"count"}
    return frozenset(found)


def _parts(word: str) -> tuple[str, ...]:
    """``countyid`` as ``county`` and ``id``: a compound is split only where both halves are words known here."""
    cuts = range(3, len(word) - 1)
    halves = ((word[:i], word[i:]) for i in cuts if word[:i] in _BY_WORD and word[i:] in _ENDS)
    return (word,) if word in _BY_WORD else next(halves, (word,))


_SCALES = (
    "very low|low|lower|medium|mid|middle|moderate|normal|average|high|higher|very high|none|minor|major|"
    "mild|severe|critical|extreme",
    "strongly disagree|disagree|somewhat disagree|neutral|neither|undecided|somewhat agree|agree|strongly agree",
    "never|rarely|seldom|sometimes|occasionally|often|frequently|usually|always|daily|weekly|monthly|yearly",
    "terrible|awful|very poor|poor|po|bad|fair|fa|typical|ta|average|good|gd|very good|excellent|ex|great|"
    "ideal|premium|perfect",
    "xs|s|m|l|xl|xxl|tiny|small|medium|large|huge|extra large|small size",
    "1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|crew",
    "primary|elementary|secondary|middle school|high school|some college|college|bachelor|bachelors|"
    "master|masters|doctor|doctorate|phd",
    "too little|about right|too much|less|same|more|much less|much more|worse|better|decreased|unchanged|increased",
    "no|perhaps|maybe|unsure|probably|yes|probably not|definitely not|definitely|unlikely|likely|"
    "very unlikely|very likely|certain",
    "bronze|silver|gold|platinum|beginner|novice|intermediate|advanced|expert|junior|senior|freshman|sophomore",
    "g|pg|pg-13|r|nc-17|stage i|stage ii|stage iii|stage iv|i|ii|iii|iv|v|a+|a-|b+|b-|c+|c-",
    "very dissatisfied|dissatisfied|satisfied|very satisfied|very unhappy|unhappy|not too happy|"
    "pretty happy|happy|very happy",
    "young|adult|old|elderly|child|teenager|cold|cool|warm|hot|slow|fast|easy|hard|difficult|weak|strong|light|dark",
)
_STEPS = tuple(frozenset(scale.split("|")) for scale in _SCALES)
_BANDED = re.compile(
    r"[<>≤≥]\s?=?\s?\$?\d.*|\d[\d.,]*k?\s?(-|–|to)\s?\$?\d[\d.,]*k?.*"
    r"|\d+\s?\+|(under|over|above|below) \$?\d.*",
    re.I,
)


def ordered_share(words: list[str]) -> float:
    """The share of these category names that are steps of one scale, or bands of numbers.

    >>> ordered_share(["Low", "medium", "high"]), ordered_share(["18-25", "41+"]), ordered_share(["red", "green"])
    (1.0, 1.0, 0.0)
    """
    plain = [re.sub(r"[\s_.]+", " ", word.lower()).strip() for word in words]
    best = max(sum(word in scale for word in plain) for scale in _STEPS)
    banded = sum(bool(_BANDED.fullmatch(word)) for word in plain)
    return max(best, banded) / max(len(plain), 1)
