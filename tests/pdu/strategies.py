"""Everything the types of the codec can express, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from modemd.errors import EncodeError
from modemd.pdu import (
    AbsoluteValidity,
    Address,
    Coding,
    Command,
    Concatenation,
    Deliver,
    DeliverReport,
    Element,
    EnhancedValidity,
    LockingShift,
    NumberingPlan,
    Ports,
    RawElement,
    RelativeValidity,
    SingleShift,
    SpecialIndication,
    StatusReport,
    Submit,
    SubmitReport,
    Timestamp,
    TornElement,
    TypeOfNumber,
    UserData,
)
from modemd.pdu.fields.userdata import count_header_septets
from modemd.pdu.text.alphabet import DEFAULT

octet = st.integers(0, 255)
plans = st.sampled_from(NumberingPlan)
letters = st.sampled_from(sorted(DEFAULT.letters))

numbers = st.builds(
    Address,
    st.text("0123456789*#abc", max_size=20),
    st.sampled_from([kind for kind in TypeOfNumber if kind is not TypeOfNumber.ALPHANUMERIC]),
    plans,
)
names = st.builds(Address, st.text(letters, max_size=11), st.just(TypeOfNumber.ALPHANUMERIC), plans).filter(
    lambda address: not (len(address.value) == 8 and address.value.endswith("@"))
)
addresses = numbers | names
timestamps = st.builds(Timestamp, st.binary(min_size=7, max_size=7))
validities = (
    st.none()
    | st.builds(RelativeValidity, octet)
    | st.builds(AbsoluteValidity, timestamps)
    | st.builds(EnhancedValidity, st.binary(min_size=7, max_size=7))
)

_concatenations = st.tuples(octet, octet).map(sorted).filter(lambda pair: pair[0] > 0)


def _encodes(element: Element) -> bool:
    try:
        element.encode()
    except EncodeError:
        return False
    return True


elements: st.SearchStrategy[Element] = st.one_of(
    st.builds(lambda r, pair: Concatenation(r, pair[1], pair[0]), octet, _concatenations),
    st.builds(lambda r, pair: Concatenation(r, pair[1], pair[0], 16), st.integers(0, 0xFFFF), _concatenations),
    st.builds(Ports, octet, octet, st.just(8)),
    st.builds(Ports, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.just(16)),
    st.builds(SingleShift, octet),
    st.builds(LockingShift, octet),
    st.builds(SpecialIndication, octet, octet),
    st.builds(RawElement, octet, st.binary(max_size=8)).filter(_encodes),
)
torn = st.binary(min_size=1, max_size=6).map(TornElement).filter(_encodes)


@st.composite
def headers(draw: st.DrawFn) -> tuple[Element, ...]:
    header = draw(st.lists(elements, max_size=4))
    return tuple(header + draw(st.lists(torn, max_size=1)))


@st.composite
def user_data(draw: st.DrawFn, dcs: int) -> UserData:
    header = draw(headers())
    octets = sum(len(element.encode()) for element in header) + bool(header)
    if Coding.of(dcs).packed:
        septets = st.lists(st.integers(0, 127), max_size=160 - count_header_septets(octets))
        return UserData(bytes(draw(septets)), header)
    return UserData(draw(st.binary(max_size=140 - octets)), header)


@st.composite
def submits(draw: st.DrawFn) -> Submit:
    dcs = draw(octet)
    flags = [draw(st.booleans()) for _ in range(3)]
    data = draw(user_data(dcs))
    return Submit(draw(addresses), data, dcs, draw(octet), draw(octet), draw(validities), *flags)


@st.composite
def delivers(draw: st.DrawFn) -> Deliver:
    dcs = draw(octet)
    flags = [draw(st.booleans()) for _ in range(4)]
    return Deliver(draw(addresses), draw(user_data(dcs)), draw(timestamps), dcs, draw(octet), *flags)


@st.composite
def optional_parameters(draw: st.DrawFn) -> tuple[int | None, int | None, UserData | None]:
    dcs = draw(st.none() | octet)
    return draw(st.none() | octet), dcs, draw(st.none() | user_data(dcs or 0))


@st.composite
def status_reports(draw: st.DrawFn) -> StatusReport:
    more, loop, command = (draw(st.booleans()) for _ in range(3))
    head = draw(octet), draw(addresses), draw(timestamps), draw(timestamps), draw(octet)
    return StatusReport(*head, more, loop, command, *draw(optional_parameters()))


@st.composite
def commands(draw: st.DrawFn) -> Command:
    data = draw(user_data(4))
    return Command(draw(addresses), draw(octet), draw(octet), data, draw(octet), draw(octet), draw(st.booleans()))


_failures = st.none() | st.integers(0x80, 0xFF)
deliver_reports = st.builds(lambda failure, rest: DeliverReport(failure, *rest), _failures, optional_parameters())
submit_reports = st.builds(
    lambda stamp, failure, rest: SubmitReport(stamp, failure, *rest), timestamps, _failures, optional_parameters()
)
