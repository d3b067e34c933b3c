"""Formats of American issuers."""

from platefuse.formats.format_list import FormatList, FormatLists

# Passenger series of the states. Arizona's series since 2020 is not listed: only its fourth character is fixed.
_UNITED_STATES = (
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

AMERICAS: FormatLists = {
    "ar": FormatList(
        "Argentina",
        "Mercosur resolution GMC 33/14; DNRPA, the registry of motor vehicles",
        (
            "LL000LL",  # since 2016: AB 123 CD
            "LLL000",  # 1995 to 2016: ABC 123
            "L000LLL",  # motorcycles since 2016: A123BCD
            "000LLL",  # motorcycles before: 123 ABC
        ),
    ),
    "bo": FormatList("Bolivia", "RUAT, the municipal registry", ("0000LLL", "000LLL")),
    "br": FormatList(
        "Brazil",
        "Resolução Contran 231/2007 (since 1990) and 780/2019 (Mercosul, since 2018)",
        ("LLL0000", "LLL0L00"),
    ),
    # Standard passenger series of the provinces' agencies. Prince Edward Island and Nunavut are not listed.
    "ca": FormatList(
        "Canada",
        "Agencies of the provinces, as Wikipedia's Canadian licence plate designs and serial formats cites them",
        (
            "LLLL000",  # Ontario
            "LLL0000",  # Alberta
            "LLL000",  # Manitoba, New Brunswick, Newfoundland and Labrador, Nova Scotia; Alberta and Ontario before
            "000LLL",  # Saskatchewan; British Columbia and Quebec before
            "L00LLL",  # Quebec
            "LL000L",  # British Columbia
            "LLL00",  # Yukon
            "000000",  # Northwest Territories
        ),
    ),
    "cl": FormatList(
        "Chile",
        "Decreto supremo 53/1984 of the Ministry of Transport, article 2, with decree 117/2012 and that of 2026",
        (
            "LLLL00",  # since 2007: BCDF 12
            "LL0000",  # 1985 to 2007: AB 1234
            "LLL00",  # motorcycles: BCD 12
            "LLLLL0",  # when these are issued: BBBBB 0
            "LLLL0",  # motorcycles then: BBBB 0
        ),
    ),
    "co": FormatList(
        "Colombia",
        "Código Nacional de Tránsito (Ley 769 of 2002), articles 43 to 45; Ministry of Transport",
        (
            "LLL000",  # cars
            "LLL00L",  # motorcycles
            "L00000",  # trailers: R 12345
        ),
    ),
    "cr": FormatList(
        "Costa Rica",
        "Registro Nacional",
        (
            "LLL000",  # cars since 2010
            "000000",  # cars before
            "LL000000",  # light lorries: CL 123456
            "LLL000000",  # motorcycles: MOT 123456
        ),
    ),
    "do": FormatList("Dominican Republic", "DGII, the tax authority: the class and six digits", ("L000000",)),
    "ec": FormatList(
        "Ecuador",
        "Agencia Nacional de Tránsito, rules to the Ley Orgánica de Transporte Terrestre",
        ("LLL0000", "LLL000", "LL000L"),  # cars since 2012 and before; motorcycles
    ),
    "gt": FormatList("Guatemala", "SAT, the tax authority: the class, three digits, three letters", ("L000LLL",)),
    "hn": FormatList("Honduras", "Instituto de la Propiedad", ("LLL0000",)),
    "mx": FormatList(
        "Mexico",
        "NOM-001-SCT-2-2016, and NOM-001-SCT-2-2000 before",
        (
            "LLL000L",  # cars: ABC-123-D
            "LLL0000",  # cars before, by state
            "LLL000",
            "L00LLL",  # cars of Mexico City: A12-BCD
            "000LLL",  # and before
            "LL0000L",  # lorries: AB-1234-C
            "LL00000",  # lorries before, by state
            "LL0000",
            "00LL0L",  # federal lorries: 12-AA-3B
        ),
    ),
    "pa": FormatList("Panama", "Autoridad del Tránsito y Transporte Terrestre", ("LL0000", "000000")),
    "pe": FormatList(
        "Peru",
        "Reglamento de Placa Única Nacional de Rodaje (Decreto Supremo 017-2008-MTC)",
        (
            "L0L000",  # cars since 2010: A1B-234
            "LLL000",  # ABC-123
            "LL0000",  # until 2009: AB-1234
            "00000L",  # motorcycles: 1234-5A
            "0000LL",  # 1234-AB
        ),
    ),
    "py": FormatList(
        "Paraguay",
        "Mercosur resolution GMC 33/14; Dirección del Registro de Automotores",
        (
            "LLLL000",  # since 2019
            "LLL000",  # before
            "000LLLL",  # motorcycles since 2019
            "000LLL",  # motorcycles before
        ),
    ),
    "us": FormatList(
        "the United States",
        "Agencies of the states: TxDMV's general-issue plates, and as Wikipedia's United States license plate designs "
        "and serial formats (2014 to 2022) cites them",
        _UNITED_STATES,
    ),
    "uy": FormatList(
        "Uruguay",
        "Mercosur resolution GMC 33/14; SUCIVE, the registry of the departments",
        ("LLL0000", "LLL000"),  # cars; motorcycles
    ),
    "ve": FormatList(
        "Venezuela",
        "INTT, the institute of land transport",
        (
            "LL000LL",  # since 2008: AB 123 CD
            "LLL00L",  # before: ABC 12D
            "L00LL0L",  # lorries: A12 BC3D
            "LL0L00L",  # motorcycles: AB1 C23D
        ),
    ),
}
