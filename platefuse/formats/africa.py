"""Formats of African issuers."""

from platefuse.formats.format_list import FormatList, FormatLists, with_digits

AFRICA: FormatLists = {
    "ke": FormatList(
        "Kenya",
        "National Transport and Safety Authority; Traffic Act (Cap. 403)",
        ("LLL000L", "LLL000", "LLLL000L"),  # KAA 123A, KAA 123; motorcycles: KMAA 123A
    ),
    "ng": FormatList(
        "Nigeria",
        "Federal Road Safety Corps, National Road Traffic Regulations 2012",
        ("LLL000LL",),
    ),
    "za": FormatList(
        "South Africa",
        "National Road Traffic Act 93 of 1996 and Regulations 2000; licence marks of the provinces",
        (
            "LL00LLLL",  # Gauteng since 2010, KwaZulu-Natal since 2023: AB 12 CD GP
            "LLL000LL",  # Gauteng before, Eastern Cape, Free State, Mpumalanga, Northern Cape, North West: ABC 123 EC
            "LLL000L",  # Limpopo: ABC 123 L
            *with_digits("LL", 1, 6),  # towns of the Western Cape and KwaZulu-Natal: CA 123-456
            *with_digits("LLL", 1, 5),  # CAA 12345
        ),
    ),
}
