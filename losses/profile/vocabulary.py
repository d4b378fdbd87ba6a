"""The words that the names of columns and of categories are made of, by what they speak of.

Spelled in lower case without accents; a plural is found by its singular, so that only plurals with a meaning of their
own (``days`` are counted, a ``day`` is a date) stand here.
"""

from __future__ import annotations

TOPICS: dict[str, str] = {
    "identifier": (
        "msa cbsa id ids idx uid uuid guid pid key zip zipcode postcode postal ssn isbn issn doi sku serial seq seqn "
        "license licence account acct phone telephone fax barcode passport rowid rowname rownames userid customerid "
        "orderid recordid email url address hash token code commune parcel iban geoid vin plate tailnum provider prov "
        "caseid casenum subjid permno gvkey cusip codigo cedula plz kundennummer siren siret nif username login "
        "handle matricule kennung"
    ),
    "place": (
        "state county country city region district commune town village municipality station location site zone "
        "precinct statefip statefips countyfips fips neighborhood neighbourhood tract ward block borough parish "
        "canton prefecture kommune kommun land ort stadt gemeinde kreis bundesland bezirk pais ciudad provincia "
        "municipio comuna pays ville departement nation airport origin destination dest"
    ),
    "datetime": (
        "mnth wkday dom dayofmonth hourofday tod minute yday doy date datetime timestamp year yr yrs_built month mon "
        "day mday wday weekday dow dayofweek hour hr hhmm quarter qtr decade week wk epoch dob yob birthdate birthday "
        "yyyymmdd yyyymm yearmon season period wave round timepoint vintage jahr monat woche wochentag datum quartal "
        "stunde geburtsjahr ano anio mes dia fecha hora semana trimestre annee mois jour heure semaine"
    ),
    "year": "year yr yob jahr annee anio",
    "birth": "birth born built renovated founded blt geburt",
    "clock": (
        "time hour hours hr hhmm clock departure arrival dep arr sched scheduled start end minute created updated "
        "modified ts uhrzeit zeit hora heure"
    ),
    "proportion": (
        "literacy participation util share shr rate pct percent percentage perc prop proportion fraction frac ratio "
        "prob probability propensity coverage occupancy accuracy precision recall agreement utilization utilisation "
        "efficiency saturation turnout cover anteil quote prozent porcentaje proporcion tasa taux pourcentage ctr"
    ),
    "hundred": (
        "literacy participation util pct percent percentage perc share shr turnout cover saturation anteil prozent "
        "porcentaje pourcentage"
    ),
    "group": (
        "woman women female male white black asian hispanic hisp latino minority catholic protestant muslim urban "
        "rural foreign immigrant foreigner poverty poor unemployed illiterate literate graduate grad renter smoker "
        "obese insured voted voting lowincome disadvantaged married divorced widowed single"
    ),
    "count": (
        "adults babies persons people walks impressions count cnt num number numbers n freq frequency total visits "
        "visit deaths death died births claims accidents accident crashes calls call checks events event admissions "
        "hospitalizations doctor children kids siblings sibs pregnancies goals runs hits wins losses points games "
        "murders homicides crimes arrests executions articles papers cites citations publications patents downloads "
        "clicks views likes votes voters users customers orders items units sold sales trips rides passenger "
        "passengers bikes rentals stops stations failures defects errors bugs cases infections absences absent "
        "seizures fish birds eggs seeds fruits plants animals insects larvae parasites colonies nests ticks employees "
        "workers staff students pupils teachers enrollment enrolment enroll applicants applications apps inmates "
        "prisoners population pop inhabitants residents rooms bedrooms bathrooms baths floors stories storeys doors "
        "seats cars vehicles reviews comments messages emails words characters tweets retweets shots strikes fouls "
        "cards turns attempts tries cigarettes cigs drinks bids awards prizes medals companies firms households "
        "household_size hhsize dependents followers reports tickets engines jobs members steps nights anzahl zahl "
        "menge kinder einwohner besuche numero cantidad hijos ninos habitantes visitas effectif enfants nb nbre "
        "quantity qty demand"
    ),
    "lapse": (
        "days weeks months years duration spell tenure exper experience stay los survival survtime futime lifetime "
        "followup dauer tage wochen monate jahre dias meses anos duree jours semaines"
    ),
    "measure": (
        "price cost income wage salary salaries earnings earn revenue profit expenditure spending expense amount amt "
        "payment pay balance debt loan budget gdp gnp tax value usd eur dollar dol weight wt mass height ht length "
        "len width depth thickness diameter radius area volume distance dist altitude elevation size speed velocity "
        "mph mpg kmh temp temperature pressure density concentration humidity rain rainfall precip precipitation prcp "
        "snow wind energy power load voltage current dose time times hours minutes seconds age ages bmi glucose "
        "cholesterol level horsepower hp displacement score sat iq gpa index latitude longitude lat lon lng charge "
        "fare rent medv sqft acre mileage girth circumference pulse weightlb cm mm km kg mg ug lb lbs oz ft inch ml "
        "ppm ppb db hz khz kwh mwh celsius fahrenheit angle slope rpm strength hardness viscosity moisture ph flow "
        "yield preis kosten einkommen gehalt lohn umsatz gewicht hohe lange breite flache alter groesse grosse "
        "temperatur precio coste costo ingreso ingresos salario peso altura edad superficie prix cout revenu salaire "
        "poids taille hauteur longueur surface"
    ),
    "money": (
        "price cost income wage salary salaries earnings revenue profit expenditure budget spending expense amount "
        "amt payment pay balance debt loan gdp gnp tax value usd eur dollar charge fare rent preis kosten einkommen "
        "gehalt lohn umsatz precio coste costo ingreso ingresos salario prix cout revenu salaire"
    ),
    "ordinal": (
        "rating rate_overall grade level stage quality qual satisfaction likert tier severity priority star score "
        "scale opinion attitude agree importance interest like trust health condition cond education educ category "
        "rank risk degree resp response confidence difficulty pain liking preference happy happiness religiousness "
        "religious support strength bracket band ladder item bewertung zufriedenheit stufe bildung nivel calificacion "
        "niveau"
    ),
    "multiclass": (
        "target outcome digit type subtype class category group dept department occupation occup occ job marital "
        "marstat mstat race rac ethrace raceth ethnic ethnicity religion color colour species genus mode plan diet "
        "cluster label segment brand make model sector industry ind status cause origin language nationality position "
        "treatment treat trt arm drug region state cat kind method reason party shape material cyl cylinder gear zone "
        "precinct province district service channel store shop birthplace choice carrier airline diagnosis diag dx "
        "symptom variety cultivar strain breed fuel feed candidate alternative tipo clase categoria sexo typ "
        "kategorie klasse klass categorie couleur profession"
    ),
    "unit": (
        "subject subj patient person pers respondent participant individual household hh firm company school hospital "
        "clinic farm panel judge rater player team family litter plot tree worker employee pupil student teacher "
        "animal cow rat mouse store shop branch stock item product customer user client member driver vehicle flight "
        "flightnum route vessel obs observation record specimen batch classroom case idcode schid kunde cliente"
    ),
    "rank": "rank ranking place position rang",
}

# how many there are; at the end of a name, which one it is; alone, a running number
NUMBER_OF = {
    "num",
    "nr",
    "n",
    "number",
    "no",
    "count",
    "cnt",
    "total",
    "nb",
    "nbre",
    "tot",
    "anzahl",
    "numero",
    "cantidad",
}
NUMBERED = {"num", "nr", "nbr", "number", "no", "nummer", "numero"}
RUNNING = {"nr", "nbr", "no", "nummer"}

SCALES = (
    "none|very low|lower|low|minor|mild|some|mid|middle|medium|moderate|normal|average|marked|higher|high|major|"
    "severe|very high|critical|extreme",
    "strongly disagree|disagree|somewhat disagree|neutral|neither|undecided|somewhat agree|agree|strongly agree",
    "never|rarely|seldom|yearly|sometimes|occasionally|monthly|often|frequently|weekly|usually|daily|always",
    "terrible|awful|very poor|poor|po|bad|fair|fa|typical|ta|average|good|gd|very good|excellent|ex|great|"
    "premium|ideal|perfect",
    "xs|s|m|l|xl|xxl|tiny|small|small size|medium|large|extra large|huge",
    "1st|first|2nd|second|3rd|third|4th|fourth|5th|fifth|crew",
    "none|no degree|primary|elementary|secondary|middle school|lt high school|less than high school|high school|"
    "hs|hs grad|high school grad|some college|junior college|associate|college|college grad|university|undergraduate|"
    "graduate|bachelor|bachelors|master|masters|doctor|doctorate|phd|postgraduate|advanced degree",
    "much less|less|decreased|too little|worse|same|unchanged|about right|better|more|increased|too much|much more",
    "definitely not|very unlikely|probably not|unlikely|no|unsure|perhaps|maybe|likely|probably|very likely|yes|"
    "definitely|certain",
    "bronze|silver|gold|platinum|beginner|novice|freshman|sophomore|junior|intermediate|senior|advanced|expert",
    "g|pg|pg-13|r|nc-17|stage i|stage ii|stage iii|stage iv|i|ii|iii|iv|v|c-|c+|b-|b+|a-|a+",
    "very dissatisfied|dissatisfied|neutral|neither|satisfied|very satisfied|very unhappy|unhappy|not too happy|"
    "pretty happy|happy|very happy",
    "child|teenager|young|adult|old|elderly|cold|cool|warm|hot|slow|fast|easy|hard|difficult|weak|strong|light|dark",
    "underweight|normal|normal weight|overweight|obese|severely obese",
    "gering|niedrig|klein|mittel|gross|hoch|sehr hoch|bajo|medio|alto|muy alto|faible|moyen|eleve",
    "sehr unzufrieden|unzufrieden|eher unzufrieden|neutral|teils teils|eher zufrieden|zufrieden|sehr zufrieden",
    "stimme gar nicht zu|stimme nicht zu|stimme eher nicht zu|teils teils|neutral|stimme eher zu|stimme zu|"
    "stimme voll zu",
    "nie|selten|manchmal|gelegentlich|oft|häufig|meistens|immer|sehr schlecht|schlecht|befriedigend|gut|sehr gut",
    "très insatisfait|insatisfait|neutre|satisfait|très satisfait|jamais|rarement|parfois|souvent|toujours",
    "muy insatisfecho|insatisfecho|neutral|satisfecho|muy satisfecho|nunca|a veces|frecuentemente|siempre",
)
DEGREES = "very|extremely|slightly|somewhat|strongly|mostly|quite|fairly|rather|highly|completely|not very|not at all"
DEGREES += "|sehr|eher|ziemlich|überhaupt nicht|très|plutôt|assez|peu|pas du tout|muy|bastante|poco|molto|zeer"
CALENDAR = (  # what tells them apart
    {"mon", "tue", "wed", "thu", "fri", "sat", "sun"},
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"},
    {"q1", "q2", "q3", "q4"},
)
