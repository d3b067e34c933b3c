"""Formats of European issuers."""

from platefuse.formats.format_list import FormatList, FormatLists, with_digits

# One to three letters of the district, one or two of the series, one to four digits, at most eight characters in total.
_GERMAN_SERIES = tuple(entry for letters in range(2, 6) for entry in with_digits("L" * letters, 1, 4))

EUROPE: FormatLists = {
    "al": FormatList(
        "Albania",
        "General Directorate of Road Transport Services (DPSHTRR), series since 2011",
        ("LL000LL",),
    ),
    "at": FormatList(
        "Austria",
        "Kraftfahrgesetz 1967, section 48; Kraftfahrgesetz-Durchführungsverordnung 1967, section 26 and annex 5d",
        (
            "L00000L",  # districts of one letter: W 12345 A
            "L0000LL",  # W 1234 AB
            "L000LL",  # L 123 AB
            "LL000LL",  # districts of two letters: KU 217 BI
            "LL000L",  # ME 639 A
            "LL00LL",  # WL 12 AB
            "LL0LLL",  # FK 1 ABC
        ),
    ),
    "ba": FormatList(
        "Bosnia and Herzegovina",
        "Agency for Identification Documents (IDDEEA)",
        ("L00L000", "000L000"),  # since 2009, and the series of 1998
    ),
    "be": FormatList(
        "Belgium",
        "Royal decree of 20 July 2001 and ministerial decree of 23 July 2001 on the registration of vehicles",
        ("0LLL000", "000LLL", "LLL000"),  # since 2010, 2008 and 1973
    ),
    "bg": FormatList(
        "Bulgaria",
        "Ordinance I-45 of 24 March 2000 of the Ministry of Interior; the letters are those that Latin has, too",
        ("LL0000LL", "L0000LL"),
    ),
    "by": FormatList(
        "Belarus",
        "STB 914-99, registration plates of vehicles; the letters are those that Latin has, too",
        (
            "0000LL0",  # cars: 1234 AB-7
            "L000LL0",  # electric cars: E 123 AB-7
            "LL00000",  # lorries and buses: AB 1234-7
            "L0000L0",  # trailers: A 1234 B-7
        ),
    ),
    "ch": FormatList(
        "Switzerland",
        "Verkehrszulassungsverordnung (VZV, SR 741.51), articles 82 and following: the canton and a number",
        with_digits("LL", 1, 6),
    ),
    "cy": FormatList("Cyprus", "Road Transport Department", ("LLL000",)),
    # Five to seven characters, whose first letter names the region. The order of the series is the Ministry of
    # Transport's.
    "cz": FormatList(
        "Czechia",
        "Decrees 243/2001 Sb. (section 16) and 343/2014 Sb. on the registration of vehicles",
        (
            "0L00000",  # since 2001: 1A1 2345
            "0LL0000",  # where all of 0L00000 are issued: 1AB 2345
            "0LLL000",  # Prague since 2023: 1AB C345
            "LL000LL",  # electric since 2019: EL1 23AB
            "00L0000",  # historic vehicles: 01V 2345
            "0L0000",  # motorcycles: 1A 2345
            "LLL0000",  # until 2001, valid for as long as the vehicle: ABC 12-34
            "LL0000",  # older plates, equally valid: AB 12-34
        ),
    ),
    # Plates of electric vehicles (section 11) end in E, those of historic vehicles (section 10) in H. Before 2023 the
    # rules stood in section 8 and annex 2.
    "de": FormatList(
        "Germany",
        "Fahrzeug-Zulassungsverordnung, sections 9 to 11 and annex 1",
        tuple(number for series in _GERMAN_SERIES for number in (series, f"{series}L") if len(number) <= 8),
    ),
    "dk": FormatList("Denmark", "Danish Motor Vehicle Agency (Motorstyrelsen), order on registration", ("LL00000",)),
    "ee": FormatList("Estonia", "Transport Administration (Transpordiamet)", ("000LLL",)),
    "es": FormatList(
        "Spain",
        "Reglamento General de Vehículos (Real Decreto 2822/1998), annex XVIII",
        (
            "0000LLL",  # since 2000: 1234 BCD
            "L0000LL",  # of a province, 1971 to 2000: M-1234-AB
            "LL0000LL",
            "L0000L",
            "LL0000L",
        ),
    ),
    "fi": FormatList("Finland", "Finnish Transport and Communications Agency (Traficom)", ("LLL000",)),
    "fr": FormatList(
        "France",
        "Arrêté of 9 February 2009 on the registration of vehicles; before, arrêté of 5 November 1984",
        (
            "LL000LL",  # since 2009: AB-123-CD
            "00LL00",  # before, with the department at the end: 12 AB 75
            "000LL00",
            "0000LL00",
            "00LLL00",
            "000LLL00",
        ),
    ),
    # The letters are neither I nor Q. Numbers of before 1963 are left out: they are kept as vanity plates.
    "gb": FormatList(
        "the United Kingdom",
        "Road Vehicles (Display of Registration Marks) Regulations 2001 (S.I. 2001/561), schedule 3; DVLA INF104",
        (
            "LL00LLL",  # since 2001: AB51 CDE
            *with_digits("L", 1, 3, "LLL"),  # 1983 to 2001: A123 BCD
            *with_digits("LLL", 1, 3, "L"),  # 1963 to 1983: ABC 123D
            *with_digits("LLL", 1, 4),  # Northern Ireland: AIZ 1234
        ),
    ),
    # The letters are the fourteen that Greek and Latin share.
    "gr": FormatList(
        "Greece",
        "Ministerial decisions 19800/1982 and 4700/330/2004 on registration plates",
        ("LLL0000", *with_digits("LLL", 1, 3)),  # cars; motorcycles
    ),
    "hr": FormatList(
        "Croatia",
        "Ordinance on the registration and marking of vehicles (NN 130/2017)",
        ("LL000L", "LL000LL", "LL0000L", "LL0000LL"),
    ),
    "hu": FormatList(
        "Hungary",
        "Government decree 326/2011 (XII. 28.)",
        ("LLLL000", "LLL000"),  # since July 2022, and 1990
    ),
    # The year (since 2013 with the half of it), the county, a number.
    "ie": FormatList(
        "Ireland",
        "Vehicle Registration and Taxation Regulations 1992 (S.I. 318/1992) and amendments",
        tuple(
            entry for year in ("00", "000") for county in ("L", "LL") for entry in with_digits(f"{year}{county}", 1, 6)
        ),
    ),
    "is": FormatList(
        "Iceland",
        "Regulation 751/2003 on the registration of vehicles",
        ("LL000", "LLL00"),  # two letters, a letter or digit, two digits
    ),
    "it": FormatList(
        "Italy",
        "Decree 495/1992 of the President (regulation of the highway code), articles 255 to 257 and appendix XII",
        ("LL000LL", "LL00000"),  # cars since 1994, motorcycles since 1999
    ),
    "li": FormatList("Liechtenstein", "Verkehrszulassungsverordnung (VZV): FL and a number", with_digits("LL", 1, 5)),
    "lt": FormatList(
        "Lithuania",
        "LST 1447, published by Regitra",
        (
            "LLL000",  # cars
            "LL0000",  # electric cars
            "LL000",  # trailers
            "000LL",  # motorcycles
            "00LLL",  # mopeds
        ),
    ),
    "lu": FormatList(
        "Luxembourg",
        "Grand-ducal regulation of 26 January 2016 on the registration of road vehicles",
        ("LL0000", "00000", "0000"),
    ),
    "lv": FormatList(
        "Latvia",
        "Cabinet regulation 1080 of 30 November 2010 and its annex on number plates",
        with_digits("LL", 1, 4),
    ),
    "md": FormatList(
        "Moldova",
        "Government decision 1047 of 8 November 1999; Public Services Agency",
        ("LLL000", "LLLL000"),  # since 2015; before, with a district of one or two letters
    ),
    "me": FormatList("Montenegro", "Ministry of Interior: town, two letters, three digits", ("LLLL000",)),
    "mk": FormatList("North Macedonia", "Ministry of Interior", ("LL0000LL", "LL000LL")),  # since 2012, and before
    "mt": FormatList("Malta", "Transport Malta", ("LLL000",)),
    "nl": FormatList(
        "the Netherlands",
        "Regeling kentekens en kentekenplaten (Staatscourant 2014, 9002), sidecodes 1 to 14",
        (
            "LL0000",
            "0000LL",
            "00LL00",
            "LL00LL",
            "LLLL00",
            "00LLLL",
            "00LLL0",
            "0LLL00",
            "LL000L",
            "L000LL",
            "LLL00L",
            "L00LLL",
            "0LL000",
            "000LL0",
        ),
    ),
    "no": FormatList(
        "Norway",
        "Norwegian Public Roads Administration, regulation on the use of vehicles",
        ("LL00000", "LL0000"),  # cars; motorcycles, tractors and trailers
    ),
    "pl": FormatList(
        "Poland",
        "Regulation on the registration and marking of vehicles (Dz.U. 2016 poz. 1038), section 21",
        (
            "LL00000",  # districts of two letters
            "LL0000L",
            "LL000LL",
            "LL0L000",
            "LL0LL00",
            "LLLL000",  # districts of three letters
            "LLL00LL",
            "LLL0L00",
            "LLL00L0",
            "LLL0LL0",
            "LLLLL00",
            "LLL00000",
            "LLL0000L",
            "LLL000LL",
        ),
    ),
    "pt": FormatList(
        "Portugal",
        "Decreto-Lei 54/2005 and 2/2020",
        ("LL00LL", "00LL00", "0000LL", "LL0000"),  # since 2020, 2005, 1992 and 1937
    ),
    "ro": FormatList(
        "Romania",
        "Order 1501/2006 of the Ministry of Administration and Interior",
        ("LL00LLL", "L00LLL", "L000LLL"),  # counties; Bucharest
    ),
    "rs": FormatList(
        "Serbia",
        "Rules on the registration of motor vehicles and trailers (Službeni glasnik RS 69/2010)",
        ("LL000LL", "LL0000LL"),
    ),
    # The letters are the twelve of Cyrillic that Latin has, too. The region has two or three digits.
    "ru": FormatList(
        "Russia",
        "GOST R 50577-2018",
        (
            "L000LL00",  # type 1, cars
            "L000LL000",
            "LL00000",  # type 1B, taxis and buses
            "LL000000",  # the same, and type 2, trailers
            "0000LL00",  # type 4, motorcycles
        ),
    ),
    "se": FormatList(
        "Sweden", "Swedish Transport Agency (Transportstyrelsen)", ("LLL000", "LLL00L")
    ),  # since 1973, 2019
    # Since 2023 the first two letters no longer name the district; the format is unchanged.
    "sk": FormatList("Slovakia", "Act 8/2009 Z. z. on road traffic, section 124", ("LL000LL",)),
    # The letters are those that Latin has, too.
    "ua": FormatList("Ukraine", "DSTU 4278, registration plates of vehicles", ("LL0000LL", "00000LL")),  # 2004, 1995
}
