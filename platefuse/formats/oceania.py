"""Formats of issuers in Oceania."""

from platefuse.formats.format_list import FormatList, FormatLists

OCEANIA: FormatLists = {
    # General series of the states and territories.
    "au": FormatList(
        "Australia",
        "Agencies of the states, as Wikipedia's Vehicle registration plates of Australia cites them",
        (
            "LL00LL",  # New South Wales, Northern Territory
            "LLL00L",  # New South Wales until 2018, Australian Capital Territory
            "0LL0LL",  # Victoria
            "000LLL",  # Queensland until 2020
            "000LL0",  # Queensland
            "L000LLL",  # South Australia
            "0LLL000",  # Western Australia
            "0LL000",  # Western Australia until 1997
            "L00LL",  # Tasmania
            "LL0000",  # Tasmania until 2008
            "LLL000",  # all but the territories and Western Australia, before these
            "000000",  # Northern Territory until 2011
        ),
    ),
    "nz": FormatList(
        "New Zealand",
        "NZ Transport Agency; Land Transport (Motor Vehicle Registration and Licensing) Regulations 2011",
        ("LLL000", "LL0000"),  # since 2001, and 1964
    ),
}
