"""Formats of Asian issuers, Turkey and the Caucasus included."""

from platefuse.formats.format_list import FormatList, FormatLists, with_digits

ASIA: FormatLists = {
    "am": FormatList(
        "Armenia",
        "Police of Armenia, as Wikipedia's Vehicle registration plates of Armenia describes the series since 1996",
        ("00LL000", "000LL00"),  # of persons; of companies
    ),
    "az": FormatList("Azerbaijan", "AZS 599-2015, registration plates; Road Traffic Act, article 29", ("00LL000",)),
    # Numbers of the series before, ABC 123, have been invalid since September 2020.
    "ge": FormatList("Georgia", "Service Agency of the Ministry of Internal Affairs", ("LL000LL",)),
    "hk": FormatList(
        "Hong Kong",
        "Road Traffic (Registration and Licensing of Vehicles) Regulations (Cap. 374E)",
        with_digits("LL", 1, 4),
    ),
    # The region, a number, the series.
    "id": FormatList(
        "Indonesia",
        "Regulation 7/2021 of the National Police on registration and identification of vehicles",
        tuple(
            entry
            for region in ("L", "LL")
            for series in ("L", "LL", "LLL")
            for entry in with_digits(region, 1, 4, series)
        ),
    ),
    "il": FormatList("Israel", "Ministry of Transport", ("00000000", "0000000")),  # since 2017, and before
    # The state, the office, the series, four digits. Numbers of fewer digits are not listed.
    "in": FormatList(
        "India",
        "Central Motor Vehicles Rules 1989, rules 50 and 51; BH series: G.S.R. 594(E) of 26 August 2021",
        (
            "LL000000",  # KA 01 1234
            "LL00L0000",  # KA 01 A 1234
            "LL00LL0000",  # MH 12 AB 1234
            "LL00LLL0000",
            "LL0L0000",  # DL 1 A 1234
            "LL0LL0000",
            "LL0LLL0000",  # DL 8C AB 1234
            "00LL0000L",  # BH series: 22 BH 1234 A
            "00LL0000LL",
        ),
    ),
    "kz": FormatList(
        "Kazakhstan",
        "ST RK 986, registration plates of vehicles",
        (
            "000LLL00",  # since 2012, of persons: 123 ABC 02
            "000LL00",  # of companies: 123 AB 02
            "L000LLL",  # before
            "L000LL",
        ),
    ),
    # The state or district, a number, often one letter more.
    "my": FormatList(
        "Malaysia",
        "Road Transport Department (JPJ), Motor Vehicles (Registration and Licensing) Rules 1959",
        tuple(
            entry for place in ("L", "LL", "LLL") for after in ("", "L") for entry in with_digits(place, 1, 4, after)
        ),
    ),
    "ph": FormatList(
        "Philippines",
        "Land Transportation Office, memorandum circular VPT-2013-1772",
        (
            "LLL0000",  # since 2014
            "LLL000",  # 1981 to 2014
            "LL00000",  # motorcycles since 2014
            "000LLL",  # motorcycles: 123 ABC
        ),
    ),
    # Each province has its own series; numbers begin at 001 or 0001.
    "pk": FormatList(
        "Pakistan",
        "Excise departments of the provinces, as Wikipedia's Vehicle registration plates of Pakistan cites them",
        ("LLL000", "LLL0000", "LL000"),
    ),
    # The last letter is a check letter.
    "sg": FormatList(
        "Singapore",
        "Land Transport Authority; Road Traffic (Motor Vehicles, Registration and Licensing) Rules",
        (*with_digits("LLL", 1, 4, "L"), *with_digits("LL", 1, 4, "L")),
    ),
    "tr": FormatList(
        "Turkey",
        "Road Traffic Regulation (Karayollari Trafik Yönetmeligi) of 18 July 1997",
        ("00L0000", "00L00000", "00LL000", "00LL0000", "00LLL00", "00LLL000"),
    ),
    "uz": FormatList(
        "Uzbekistan",
        "Resolution 131 of the Cabinet of Ministers of 27 June 2007",
        ("00L000LL", "00000LLL"),  # persons, companies
    ),
    "vn": FormatList(
        "Vietnam",
        "Circulars 24/2023/TT-BCA and 79/2024/TT-BCA of the Ministry of Public Security",
        (
            "00L00000",  # cars: 30A-123.45; motorcycles with four digits: 29-B1 2345
            "00L0000",  # cars with four digits: 30A-1234
            "00L000000",  # motorcycles: 29-B1 234.56
            "00LL00000",  # motorcycles since 2023: 29-AB 123.45
        ),
    ),
}
