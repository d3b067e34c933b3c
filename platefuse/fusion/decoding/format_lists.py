"""Published formats of plate numbers, by the names that `fuse.formats` accepts.

`L` is a letter, `0` a digit. The lists hold regular series that are still on the road. Vanity plates and plates of
diplomats, armies and dealers are not listed: `fuse.format_tolerance` keeps their readings.
"""

# Resolução Contran 231/2007 (three letters, four digits, since 1990) and 780/2019 (Mercosul, since 2018).
BRAZIL = ("LLL0000", "LLL0L00")

# Act 8/2009 Z. z. on road traffic, section 124: two letters, three digits, two letters. Since 2023 the first two
# letters no longer name the district; the format is unchanged.
SLOVAKIA = ("LL000LL",)

# Decrees 243/2001 Sb. (section 16) and 343/2014 Sb. on the registration of vehicles: five to seven characters, whose
# first letter names the region. The order of the series is the Ministry of Transport's.
CZECHIA = (
    "0L00000",  # since 2001: 1A1 2345
    "0LL0000",  # where all of 0L00000 are issued: 1AB 2345
    "0LLL000",  # Prague since 2023: 1AB C345
    "LL000LL",  # electric since 2019: EL1 23AB
    "00L0000",  # historic vehicles: 01V 2345
    "0L0000",  # motorcycles: 1A 2345
    "LLL0000",  # until 2001, valid for as long as the vehicle: ABC 12-34
    "LL0000",  # older plates, equally valid: AB 12-34
)

# Fahrzeug-Zulassungsverordnung, section 9 and annex 1 (before 2023: section 8 and annex 2): one to three letters of the
# district, one or two of the series, one to four digits, at most eight characters in total. Plates of electric vehicles
# (section 11) end in E, those of historic vehicles (section 10) in H.
_GERMAN_SERIES = tuple("L" * letters + "0" * digits for letters in range(2, 6) for digits in range(1, 5))
GERMANY = tuple(number for series in _GERMAN_SERIES for number in (series, f"{series}L") if len(number) <= 8)

# Passenger series of the states' motor vehicle agencies. Those of Texas are from TxDMV's page of general-issue plates,
# the others from Wikipedia's tables (United States license plate designs and serial formats, 2014 to 2022, and the
# states' own articles), which cite the agencies. Arizona's series since 2020 is not listed: only its fourth character
# is fixed, a digit.
UNITED_STATES = (
    "LLL0000",  # Arizona, Georgia, Michigan, Mississippi, New York, North Carolina, Ohio, Pennsylvania, Tennessee,
    #             Texas (2012), Virginia, Washington, Wisconsin
    "0LLL000",  # California, Idaho
    "0000LLL",  # Kansas
    "LL00000",  # Connecticut, Illinois
    "L000000",  # Illinois until 2017
    "LL0L000",  # Texas (2009)
    "0LL0000",  # Alabama (2014), Idaho, Maryland
    "00LL000",  # Alabama (2014)
    "00L0L00",  # Alabama
    "00L00L0",  # Alabama
    "00L000L",  # Alabama
    "0L0000L",  # Alabama, Idaho
    "0L00L0L",  # Alabama
    "0L00LLL",  # Alabama
    "0L00000",  # Idaho
    "00L0000",  # Idaho
    "000000L",  # Montana, Wyoming
    "0000000",  # New Hampshire, Wyoming
    "LLL000",  # Alaska, Colorado, Hawaii, Iowa, Louisiana, Minnesota, Mississippi, Nebraska, New Mexico, North Dakota,
    #            Oklahoma, Oregon, Puerto Rico, South Carolina, Texas, Vermont, West Virginia, Wisconsin
    "000LLL",  # Arkansas, Colorado, Connecticut, Florida, Indiana, Iowa, Kansas, Kentucky, Louisiana, Minnesota,
    #            Nevada, New Mexico, North Dakota, Oklahoma, Oregon, Texas, Utah, Washington, Wisconsin
    "LLLL00",  # Colorado, Florida
    "LLL00L",  # Arkansas, New Jersey until 2010
    "L00LLL",  # New Jersey
    "LL0L0L",  # Missouri
    "L0000L",  # Tennessee until 2021
    "L000LL",  # Florida, Utah
    "0000LL",  # Florida, Maine, South Carolina
    "LL0000",  # District of Columbia, Guam
    "0LLL00",  # Massachusetts, Michigan until 2013, South Dakota
    "0LL000",  # Massachusetts, Rhode Island, South Dakota, West Virginia
    "000LL0",  # Massachusetts
    "00LL00",  # Massachusetts, Nebraska, South Dakota
    "00LLL0",  # South Dakota
    "00L000",  # Nebraska, Nevada, South Dakota
    "0L0000",  # Nebraska
    "0LLLL0",  # Connecticut (2013)
    "000000",  # Delaware, Rhode Island, Wyoming
    "00000L",  # Wyoming
    "LL000",  # Rhode Island
    "000LL",  # Indiana
    "000L",  # Indiana
)

LISTS = {"br": BRAZIL, "cz": CZECHIA, "de": GERMANY, "sk": SLOVAKIA, "us": UNITED_STATES}
