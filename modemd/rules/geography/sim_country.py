"""Country of a SIM, by its number, the mobile country code in its IMSI, or the issuer's calling code in its ICCID."""

from __future__ import annotations

import phonenumbers

from modemd.light_dataclass import dataclass
from modemd.rules.phone_numbers import find_country

# Mobile country codes by country (ITU-T E.212, list of codes in its operational bulletin). Codes of no single country (901, 995)
# are not here.
_CODES = """
    202 GR 204 NL 206 BE 208 FR 212 MC 213 AD 214 ES 216 HU 218 BA 219 HR 220 RS 221 XK 222 IT 225 VA 226 RO 228 CH 230 CZ
    231 SK 232 AT 234 GB 235 GB 238 DK 240 SE 242 NO 244 FI 246 LT 247 LV 248 EE 250 RU 255 UA 257 BY 259 MD 260 PL 262 DE
    266 GI 268 PT 270 LU 272 IE 274 IS 276 AL 278 MT 280 CY 282 GE 283 AM 284 BG 286 TR 288 FO 290 GL 292 SM 293 SI 294 MK
    295 LI 297 ME 302 CA 308 PM 310 US 311 US 312 US 313 US 314 US 315 US 316 US 330 PR 332 VI 334 MX 338 JM 340 GP 342 BB
    344 AG 346 KY 348 VG 350 BM 352 GD 354 MS 356 KN 358 LC 360 VC 362 CW 363 AW 364 BS 365 AI 366 DM 368 CU 370 DO 372 HT
    374 TT 376 TC 400 AZ 401 KZ 402 BT 404 IN 405 IN 406 IN 410 PK 412 AF 413 LK 414 MM 415 LB 416 JO 417 SY 418 IQ 419 KW
    420 SA 421 YE 422 OM 424 AE 425 IL 426 BH 427 QA 428 MN 429 NP 430 AE 431 AE 432 IR 434 UZ 436 TJ 437 KG 438 TM 440 JP
    441 JP 450 KR 452 VN 454 HK 455 MO 456 KH 457 LA 460 CN 461 CN 466 TW 467 KP 470 BD 472 MV 502 MY 505 AU 510 ID 514 TL
    515 PH 520 TH 525 SG 528 BN 530 NZ 537 PG 539 TO 540 SB 541 VU 542 FJ 543 WF 544 AS 545 KI 546 NC 547 PF 548 CK 549 WS
    550 FM 551 MH 552 PW 553 TV 554 TK 555 NU 602 EG 603 DZ 604 MA 605 TN 606 LY 607 GM 608 SN 609 MR 610 ML 611 GN 612 CI
    613 BF 614 NE 615 TG 616 BJ 617 MU 618 LR 619 SL 620 GH 621 NG 622 TD 623 CF 624 CM 625 CV 626 ST 627 GQ 628 GA 629 CG
    630 CD 631 AO 632 GW 633 SC 634 SD 635 RW 636 ET 637 SO 638 DJ 639 KE 640 TZ 641 UG 642 BI 643 MZ 645 ZM 646 MG 647 RE
    648 ZW 649 NA 650 MW 651 LS 652 BW 653 SZ 654 KM 655 ZA 657 ER 658 SH 659 SS 702 BZ 704 GT 706 SV 708 HN 710 NI 712 CR
    714 PA 716 PE 722 AR 724 BR 730 CL 732 CO 734 VE 736 BO 738 GY 740 EC 744 PY 746 SR 748 UY 750 FK
"""
_COUNTRY_OF_MCC = dict(zip(_CODES.split()[::2], _CODES.split()[1::2], strict=True))


def find_iccid_country(iccid: str) -> str | None:
    """Returns the country (ISO 3166 alpha-2) whose calling code an ICCID has after 89 (ITU-T E.118 4); None if there is none, or
    it belongs to no single country. +1 is the United States: its issuers are the most."""
    if not iccid.startswith("89"):
        return None
    digits = iccid[2:].lstrip("0")  # E.118 pads: 8901 is +1
    for length in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(
            int(digits[:length] or 0) if digits[:length].isdecimal() else 0
        )
        if regions is not None:
            return None if regions[0] == "001" else regions[0]
    return None


def find_imsi_country(imsi: str | None) -> str | None:
    """Returns the country (ISO 3166 alpha-2) of the network that an IMSI is at home in; None if it is not known."""
    return _COUNTRY_OF_MCC.get((imsi or "")[:3])


@dataclass(frozen=True, slots=True)
class SimIdentity:
    """Identities of a SIM. `id`: its ICCID, or its IMSI if it has told no ICCID; `number`: its own number, if that is known."""

    id: str
    number: str | None = None
    imsi: str | None = None


def find_sim_country(sim: SimIdentity) -> str | None:
    """Returns the country (ISO 3166 alpha-2) of a SIM: that of its number, else of its IMSI, else of its ICCID, whose +1 is
    several countries. None if nothing says it."""
    country = find_country(sim.number) if sim.number else None
    return country or find_imsi_country(sim.imsi) or find_iccid_country(sim.id)
