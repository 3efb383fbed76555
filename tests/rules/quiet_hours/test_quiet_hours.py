"""Quiet hours: the edges of the hours, of zones, of changes to summer time, and of public holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.quiet_hours.holidays import HolidayChanges, Holidays
from modemd.rules.quiet_hours.quiet_hours import QuietHold, QuietHours, QuietReason
from modemd.rules.quiet_hours.table import HoursChange, HoursTable, parse_day_hours

PARIS, NEW_YORK, SYDNEY = "+33612345678", "+12125550123", "+61298765432"
IDAHO, SPAIN, RUSSIA, TOLL_FREE, FLORIDA = (
    "+12083456789",
    "+34612345678",
    "+79161234567",
    "+18005551234",
    "+13055550123",
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECOND = timedelta(seconds=1)
# A part needs five seconds before the closing.
FIVE_S = timedelta(seconds=5)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def holidays(*days: tuple[str, str, str], changes: dict[str, HolidayChanges] | None = None) -> Holidays:
    """Holidays of every country in these tests, for 2025 to 2027; those given as (country, subdivision, date)."""
    places = [(country, "") for country in ("FR", "US", "AU", "ES", "DE", "CL", "ZA", "IL", "BR")]
    places += [("FR", "57"), ("US", "AL"), ("US", "RI")]
    return Holidays.build(
        [(country, subdivision, year) for country, subdivision in places for year in (2025, 2026, 2027)],
        [(country, subdivision, date.fromisoformat(day), f"holiday of {day}") for country, subdivision, day in days],
        changes or {},
    )


def hours(known: Holidays | None = None, **changes: dict[str, str]) -> QuietHours:
    """Quiet hours with the shipped table; `FR={"mon": "08:00-20:00"}` changes it."""
    given = {
        key.replace("_", "-").replace("default", "*"): HoursChange(
            {day: parse_day_hours(text) for day, text in days.items() if day != "public_holidays"},
            {"blocked": True, "allowed": False}.get(days.get("public_holidays", "")),
        )
        for key, days in changes.items()
    }
    return QuietHours(HoursTable.load().change(given), holidays() if known is None else known)


def held(found: QuietHold | None) -> QuietHold:
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-07-15 07:59:59", False),
        ("2026-07-15 08:00:00", True),
        ("2026-07-15 19:59:54", True),
        ("2026-07-15 19:59:55", True),
        ("2026-07-15 19:59:56", False),  # the part would not be sent before the closing
        ("2026-07-15 19:59:59", False),
        ("2026-07-15 20:00:00", False),
        ("2026-07-18 09:59:59", False),
        ("2026-07-18 10:00:00", True),
    ],
)
def test_hours_are_those_of_the_recipients_clock(moment: str, is_open: bool) -> None:
    """In France marketing goes out from 08:00 to before 20:00, on Saturday from 10:00."""
    assert (hours().find_hold(PARIS, local(moment, "Europe/Paris")) is None) is is_open


def test_more_parts_need_more_time_before_the_closing() -> None:
    """A message begins only if all of its parts can be sent before the hours end."""
    before_closing = local("2026-07-15 20:00", "Europe/Paris") - 4 * FIVE_S
    assert hours().find_hold(PARIS, before_closing, 4) is None
    hold = held(hours().find_hold(PARIS, before_closing, 5))
    assert (hold.reason, hold.until) == ("quiet_hours", local("2026-07-16 08:00", "Europe/Paris"))
    assert "too late to send all parts" in hold.because


def test_find_closing_is_the_end_of_the_hours() -> None:
    """The closing is known while the hours are open, and only then."""
    assert hours().find_closing(PARIS, local("2026-07-15 19:59:59", "Europe/Paris")) == local(
        "2026-07-15 20:00", "Europe/Paris"
    )
    assert hours().find_closing(PARIS, local("2026-07-15 20:00", "Europe/Paris")) is None
    assert hours().find_closing(TOLL_FREE, local("2026-07-15 15:00", "America/New_York")) is None


def test_idaho_waits_for_both_of_its_clocks() -> None:
    """+1 208 is in two zones: it opens with the later, and closes with the earlier."""
    quiet = hours()
    assert quiet.find_hold(IDAHO, local("2026-07-15 07:59:59", "America/Los_Angeles")) is not None
    assert quiet.find_hold(IDAHO, local("2026-07-15 08:00", "America/Los_Angeles")) is None
    assert quiet.find_hold(IDAHO, local("2026-07-15 21:00", "America/Boise") - FIVE_S) is None
    assert quiet.find_hold(IDAHO, local("2026-07-15 21:00", "America/Boise")) is not None


def test_spanish_mobile_can_be_on_the_canaries() -> None:
    """A mobile number of Spain opens at 09:00 on the Canaries, and closes at 21:00 in Madrid."""
    quiet = hours()
    assert held(quiet.find_hold(SPAIN, local("2026-07-15 09:30", "Europe/Madrid"))).until == local(
        "2026-07-15 10:00", "Europe/Madrid"
    )
    assert quiet.find_hold(SPAIN, local("2026-07-15 10:00", "Europe/Madrid")) is None
    assert quiet.find_closing(SPAIN, local("2026-07-15 10:00", "Europe/Madrid")) == local(
        "2026-07-15 21:00", "Europe/Madrid"
    )


@pytest.mark.parametrize(("number", "country"), [(RUSSIA, "RU"), (TOLL_FREE, "US")])
def test_no_common_hours_are_a_matter_for_a_person(number: str, country: str) -> None:
    """If the possible zones have no three hours in common, the message waits for a person at every hour, and says so."""
    quiet = hours()
    for hour in range(24):
        hold = held(quiet.find_hold(number, datetime(2026, 7, 15, hour, tzinfo=UTC)))
        assert (hold.reason, hold.until) == (QuietReason.ZONE_UNKNOWN, None)
    assert f"fallback_zones for {country}" in hold.because


def test_fallback_zone_counts_if_there_are_no_common_hours() -> None:
    """The zone that the administrator chose for the country then decides, and only then."""
    quiet = QuietHours(HoursTable.load(), holidays(), {"RU": "Europe/Moscow", "ES": "Atlantic/Canary"})
    assert quiet.find_hold(RUSSIA, local("2026-07-15 09:00", "Europe/Moscow")) is None
    assert held(quiet.find_hold(RUSSIA, local("2026-07-15 20:00", "Europe/Moscow"))).until == local(
        "2026-07-16 09:00", "Europe/Moscow"
    )
    assert quiet.find_hold(SPAIN, local("2026-07-15 20:30", "Atlantic/Canary")) is not None  # 21:30 in Madrid


def test_shorter_hours_are_useful_if_so_configured() -> None:
    """With two hours as the shortest, Russian mobiles get what their zones have in common."""
    quiet = QuietHours(HoursTable.load(), holidays(), shortest=timedelta(hours=1))
    assert quiet.find_hold(RUSSIA, local("2026-07-15 10:30", "Europe/Moscow")) is None


def test_short_hours_in_one_zone_are_no_matter_of_zones() -> None:
    """Hours that are short by themselves are kept: the zone is certain."""
    quiet = hours(FR=dict.fromkeys(DAYS, "12:00-13:00"))
    assert quiet.find_hold(PARIS, local("2026-07-15 12:30", "Europe/Paris")) is None
    assert held(quiet.find_hold(PARIS, local("2026-07-15 14:00", "Europe/Paris"))).reason == "quiet_hours"


def test_zone_of_the_contact_wins() -> None:
    """If it is known where the recipient is, only that clock counts: for a number in doubt, and for one that has moved."""
    quiet, moscow = hours(), ZoneInfo("Europe/Moscow")
    assert quiet.find_hold(RUSSIA, local("2026-07-15 19:59", "Europe/Moscow"), zone=moscow) is None
    assert (
        quiet.find_hold(PARIS, local("2026-07-15 08:30", "Europe/Paris"), zone=ZoneInfo("America/Cayenne")) is not None
    )


def test_number_of_no_country_has_the_hours_of_the_home_country() -> None:
    """A short code has no zone; with a home country it gets the hours there, else it waits for a person."""
    now = local("2026-07-15 12:00", "Europe/Paris")
    assert held(hours().find_hold("36111", now)).reason == "zone_unknown"
    assert QuietHours(HoursTable.load(), holidays(), home="FR").find_hold("36111", now) is None
    assert hours().find_hold("36111", now, zone=ZoneInfo("Europe/Paris")) is None


def test_row_of_the_state_counts_beside_that_of_the_country() -> None:
    """Florida ends at 20:00, though the United States end at 21:00."""
    evening = local("2026-07-15 20:30", "America/New_York")
    assert hours().find_hold(NEW_YORK, evening) is None
    assert "United States (FL)" in held(hours().find_hold(FLORIDA, evening)).because


def test_strict_switch_counts_every_zone_of_the_contiguous_states() -> None:
    """People move and keep their number: with the strict switch, New York waits for Los Angeles."""
    strict = QuietHours(HoursTable.load(), holidays(), is_strict_in_us=True)
    morning = local("2026-07-15 10:59", "America/New_York")
    assert hours().find_hold(NEW_YORK, morning) is None
    assert held(strict.find_hold(NEW_YORK, morning)).until == local("2026-07-15 08:00", "America/Los_Angeles")


def test_sunday_and_national_holiday_in_france() -> None:
    """Nothing goes out on a Sunday, nor on 14 July; the reason tells which of them it is."""
    quiet = hours(holidays(("FR", "", "2026-07-14")))
    sunday = held(quiet.find_hold(PARIS, local("2026-07-12 12:00", "Europe/Paris")))
    assert (sunday.reason, sunday.until) == ("quiet_hours", local("2026-07-13 08:00", "Europe/Paris"))
    holiday = held(quiet.find_hold(PARIS, local("2026-07-14 12:00", "Europe/Paris")))
    assert (holiday.reason, holiday.until) == ("public_holiday", local("2026-07-15 08:00", "Europe/Paris"))
    assert "holiday of 2026-07-14" in holiday.because
    night = held(quiet.find_hold(PARIS, local("2026-07-14 03:00", "Europe/Paris")))
    assert night.reason == "quiet_hours"  # it would be quiet without the holiday, too


def test_good_friday_counts_in_the_configured_subdivision() -> None:
    """Good Friday is a holiday in the Moselle (57), and none elsewhere in France."""
    days = (("FR", "57", "2026-04-03"),)
    good_friday = local("2026-04-03 12:00", "Europe/Paris")
    assert hours(holidays(*days)).find_hold(PARIS, good_friday) is None
    moselle = hours(holidays(*days, changes={"FR": HolidayChanges(subdivision="57")}))
    assert held(moselle.find_hold(PARIS, good_friday)).reason == "public_holiday"


def test_holiday_of_a_state_counts_for_its_numbers() -> None:
    """Alabama blocks its own holidays; Florida, and the country, block none."""
    quiet = hours(holidays(("US", "AL", "2026-04-27"), ("US", "", "2026-07-03")))
    assert (
        held(quiet.find_hold("+12055550123", local("2026-04-27 12:00", "America/Chicago"))).reason == "public_holiday"
    )
    assert quiet.find_hold(FLORIDA, local("2026-04-27 12:00", "America/Chicago")) is None
    assert quiet.find_hold(FLORIDA, local("2026-07-03 12:00", "America/Chicago")) is None


def test_configured_dates_are_added_and_removed() -> None:
    """The administrator may close a day, and open one that the list calls a holiday."""
    changes = {"FR": HolidayChanges(frozenset({date(2026, 12, 24)}), frozenset({date(2026, 5, 8)}))}
    quiet = hours(holidays(("FR", "", "2026-05-08"), changes=changes))
    assert quiet.find_hold(PARIS, local("2026-05-08 12:00", "Europe/Paris")) is None
    assert held(quiet.find_hold(PARIS, local("2026-12-24 12:00", "Europe/Paris"))).reason == "public_holiday"


def test_holiday_is_one_of_the_local_date() -> None:
    """In Sydney 26 January begins on the 25th in UTC, and ends on the 26th: the local date counts."""
    quiet = hours(holidays(("AU", "", "2026-01-26")))
    assert held(quiet.find_hold(SYDNEY, datetime(2026, 1, 25, 22, 30, tzinfo=UTC))).reason == "public_holiday"
    assert quiet.find_hold(SYDNEY, datetime(2026, 1, 26, 22, 30, tzinfo=UTC)) is None
    tuesday = hours(holidays(("AU", "", "2026-01-27")))
    assert tuesday.find_hold(SYDNEY, datetime(2026, 1, 25, 22, 30, tzinfo=UTC)) is None


def test_year_that_is_not_covered_holds_where_holidays_block() -> None:
    """If the holidays of a year are not known, marketing waits an hour at a time; where they do not block, it goes out."""
    quiet = hours(Holidays.build([("FR", "", 2026)], [], {}))
    noon = local("2027-01-05 12:00", "Europe/Paris")
    hold = held(quiet.find_hold(PARIS, noon))
    assert (hold.reason, hold.until) == ("holidays_unknown", noon + timedelta(hours=1))
    assert "holidays of 2027 are not known" in hold.because
    assert held(quiet.find_hold(PARIS, local("2027-01-05 22:00", "Europe/Paris"))).reason == "quiet_hours"
    new_year_eve = held(quiet.find_hold(PARIS, local("2026-12-31 22:00", "Europe/Paris")))
    assert new_year_eve.until == local("2027-01-01 08:00", "Europe/Paris")
    assert quiet.find_hold(NEW_YORK, local("2027-01-05 12:00", "America/New_York")) is None


def test_removed_date_is_known_in_a_year_that_is_not_covered() -> None:
    """What the administrator says of a date needs no list."""
    quiet = hours(Holidays.build([], [], {"FR": HolidayChanges(removed=frozenset({date(2027, 1, 5)}))}))
    assert quiet.find_hold(PARIS, local("2027-01-05 12:00", "Europe/Paris")) is None


def test_missing_subdivision_is_not_replaced_by_the_country() -> None:
    """If the holidays of the configured subdivision are missing, those of the country do not stand in for them."""
    known = holidays(changes={"FR": HolidayChanges(subdivision="67")})
    assert held(hours(known).find_hold(PARIS, local("2026-07-15 12:00", "Europe/Paris"))).reason == "holidays_unknown"


@pytest.mark.parametrize(
    ("zone", "number", "night"), [("Europe/Paris", PARIS, "2026-03-29"), ("America/New_York", NEW_YORK, "2026-03-08")]
)
def test_hours_that_begin_in_the_hour_left_out(zone: str, number: str, night: str) -> None:
    """In the spring night, 02:30 does not exist: hours from 02:30 to 05:00 open at 03:00, and close at 05:00."""
    quiet = hours(FR=dict.fromkeys(DAYS, "02:30-05:00"), US=dict.fromkeys(DAYS, "02:30-05:00"))
    opening = local(f"{night} 03:00", zone)
    assert quiet.find_hold(number, opening - SECOND) is not None
    assert held(quiet.find_hold(number, opening - SECOND)).until == opening
    assert quiet.find_closing(number, opening) == opening + timedelta(hours=2)


@pytest.mark.parametrize(
    ("zone", "number", "night", "repeated"),
    [("Europe/Paris", PARIS, "2026-10-25", "02:00"), ("America/New_York", NEW_YORK, "2026-11-01", "01:00")],
)
def test_hours_that_begin_in_the_hour_repeated(zone: str, number: str, night: str, repeated: str) -> None:
    """In the autumn night, an hour comes twice: what the clock on the wall shows decides, both times."""
    begins = f"{repeated[:3]}30-05:00"
    quiet = hours(FR=dict.fromkeys(DAYS, begins), US=dict.fromkeys(DAYS, begins))
    first = local(f"{night} {repeated}", zone)
    shown = {
        minutes: quiet.find_hold(number, first + timedelta(minutes=minutes)) is None for minutes in range(0, 180, 15)
    }
    assert [minutes for minutes, is_open in shown.items() if not is_open] == [0, 15, 60, 75]


def test_hours_over_midnight_belong_to_the_date_on_which_they_begin() -> None:
    """Monday's 20:00-02:00 ends on Tuesday, also if nothing begins on Tuesday; but not on a Tuesday that is a holiday."""
    changed = dict.fromkeys(DAYS, "none") | {"mon": "20:00-02:00"}
    quiet = hours(holidays(("FR", "", "2026-07-14")), FR=changed)
    tuesday = local("2026-07-07 00:00", "Europe/Paris")
    assert quiet.find_hold(PARIS, tuesday) is None
    assert quiet.find_closing(PARIS, tuesday) == local("2026-07-07 02:00", "Europe/Paris")
    assert held(quiet.find_hold(PARIS, local("2026-07-07 02:00", "Europe/Paris"))).until == local(
        "2026-07-13 20:00", "Europe/Paris"
    )
    assert quiet.find_closing(PARIS, local("2026-07-13 20:00", "Europe/Paris")) == local(
        "2026-07-14 00:00", "Europe/Paris"
    )
    assert held(quiet.find_hold(PARIS, local("2026-07-14 01:00", "Europe/Paris"))).reason == "public_holiday"


def test_whole_days_have_no_seam() -> None:
    """Hours from 00:00 to 24:00 on each day never close."""
    quiet = hours(FR=dict.fromkeys(DAYS, "00:00-24:00"))
    midnight = local("2026-07-15 00:00", "Europe/Paris")
    assert quiet.find_hold(PARIS, midnight - SECOND) is None
    closing = quiet.find_closing(PARIS, midnight)
    assert closing is not None
    assert closing > midnight + timedelta(days=8)


def test_row_without_an_open_day_never_opens() -> None:
    """A country that is closed on every day is quiet, not a riddle of zones, and is asked again later."""
    hold = held(hours(FR=dict.fromkeys(DAYS, "none")).find_hold(PARIS, local("2026-07-15 12:00", "Europe/Paris")))
    assert hold.reason == "quiet_hours"
    assert "goes out never" in hold.because
    assert hold.until is not None
    assert hold.until > local("2026-07-23 12:00", "Europe/Paris")


def test_changed_row_counts_at_once() -> None:
    """Whoever was held by one table is decided by the other as soon as it is in force."""
    late = local("2026-07-15 20:30", "Europe/Paris")
    assert hours().find_hold(PARIS, late) is not None
    assert hours(FR={"wed": "08:00-21:00"}).find_hold(PARIS, late) is None
    assert hours(default={"wed": "08:00-21:00"}).find_hold(PARIS, late) is not None


def test_switched_off_holds_nobody() -> None:
    """With quiet hours switched off, marketing goes at night."""
    quiet = QuietHours(HoursTable.load(), holidays(), is_enabled=False)
    night = local("2026-07-15 03:00", "Europe/Paris")
    assert quiet.find_hold(PARIS, night) is None
    assert quiet.find_closing(PARIS, night) is not None


def test_because_is_a_sentence_for_a_person() -> None:
    """The hold says the hours, the local time and the next opening."""
    hold = held(hours(holidays(("FR", "", "2026-07-14"))).find_hold(PARIS, local("2026-07-14 21:10", "Europe/Paris")))
    assert hold.because == (
        "in France marketing goes out Monday to Friday 08:00-20:00, Saturday 10:00-19:00, not on public holidays; "
        "it is Tuesday 14 July, 21:10 (holiday of 2026-07-14) in Europe/Paris; next: Wednesday 15 July, 08:00"
    )
