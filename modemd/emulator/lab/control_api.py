"""Control door of a lab: HTTP with JSON, for the command line and for tests in any language. See docs/emulator.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from modemd.emulator.device.device import Device
from modemd.emulator.lab.lab import Lab, LabModem
from modemd.emulator.lab.requests.base import LabRequest
from modemd.emulator.lab.requests.faults import Fault
from modemd.emulator.lab.requests.network import Fate, Move, NetworkChange, NextReport, OperatorChange, Refusal
from modemd.emulator.lab.requests.phones import CallRequest, PhoneMessageRequest
from modemd.emulator.lab.requests.ussd import UssdServiceRequest
from modemd.emulator.network.operators import Operator
from modemd.emulator.network.subscribers import Phone, Received
from modemd.emulator.network.voice_calls import VoiceCall
from modemd.emulator.usb.bus import UsbPort
from modemd.errors import EncodeError, Refused
from modemd.http.methods import list_methods
from modemd.http.problems import CONTENT_TYPE, make_problem


class Power(LabRequest):
    on: bool


def create_app(lab: Lab) -> FastAPI:
    """Returns the application with the routes of one lab. All run on the loop of the lab."""
    app = FastAPI(title="modemd emulator", docs_url=None, redoc_url=None)
    _add_errors(app)

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return {"status": "ok", "modems": len(lab.modems)}

    @app.get("/modems")
    async def modems() -> list[dict[str, Any]]:
        return [_modem(modem) for modem in lab.modems.values()]

    @app.get("/modems/{name}")
    async def modem(name: str) -> dict[str, Any]:
        return _modem(_named(lab, name))

    @app.post("/modems/{name}/fault")
    async def fault(name: str, fault: Fault) -> dict[str, Any]:
        modem = _named(lab, name)
        fault.apply(modem)
        return _modem(modem)

    @app.get("/phones")
    async def phones() -> list[dict[str, Any]]:
        return [_phone(phone) for phone in lab.network.phones.values()]

    @app.get("/phones/{number}")
    async def phone(number: str) -> dict[str, Any]:
        return _phone(lab.network.phone(number))

    @app.get("/phones/{number}/inbox")
    async def inbox(number: str) -> list[dict[str, Any]]:
        return [_received(received) for received in lab.network.phone(number).inbox]

    @app.post("/phones/{number}/send")
    async def send(number: str, body: PhoneMessageRequest) -> dict[str, Any]:
        phone = lab.network.phone(number)
        phone.send(body.to, body.to_content())
        return {"from": phone.number, "to": phone.operator.canonical(body.to)}

    @app.post("/phones/{number}/call")
    async def call(number: str, body: CallRequest) -> dict[str, Any]:
        return _call(lab.network.phone(number).call(body.to, for_s=body.for_s))

    @app.post("/phones/{number}/hang-up")
    async def hang_up(number: str) -> list[dict[str, Any]]:
        phone = lab.network.phone(number)
        phone.hang_up()
        return [_call(call) for call in phone.calls]

    @app.get("/phones/{number}/calls")
    async def calls(number: str) -> list[dict[str, Any]]:
        return [_call(call) for call in lab.network.phone(number).calls]

    @app.post("/phones/{number}/power")
    async def power(number: str, power: Power) -> dict[str, Any]:
        phone = lab.network.phone(number)
        if power.on:
            phone.switch_on()
        else:
            phone.switch_off()
        return _phone(phone)

    @app.get("/journal")
    async def journal(after: Annotated[int, Field(ge=0)] = 0) -> list[dict[str, Any]]:
        return [entry.as_json() for entry in lab.network.journal.accepted[after:]]

    @app.get("/network")
    async def network() -> dict[str, Any]:
        return _network(lab)

    @app.patch("/network")
    async def change_network(change: NetworkChange) -> dict[str, Any]:
        change.apply(lab.network)
        return _network(lab)

    @app.post("/network/reject")
    async def reject(refusal: Refusal) -> dict[str, Any]:
        refusal.apply(lab.network)
        return refusal.model_dump()

    @app.post("/network/ussd")
    async def ussd(body: UssdServiceRequest) -> list[str]:
        body.apply(lab.network)
        return sorted(lab.network.ussd)

    @app.post("/network/fate")
    async def fate(fate: Fate) -> dict[str, int]:
        fate.apply(lab.network)
        return lab.network.fates

    @app.post("/network/next-report")
    async def next_report(body: NextReport) -> dict[str, Any]:
        body.apply(lab.network)
        return body.model_dump()

    @app.get("/operators")
    async def operators() -> list[dict[str, Any]]:
        return [_operator(operator) for operator in lab.network.operators.values()]

    @app.patch("/operators/{code}")
    async def change_operator(code: str, change: OperatorChange) -> dict[str, Any]:
        change.apply(lab.network, code)
        return _operator(lab.network.operators[code])

    @app.get("/usb")
    async def usb() -> list[dict[str, Any]]:
        return [_port(port) for port in lab.usb.comports()]

    @app.post("/usb/move")
    async def move(body: Move) -> list[dict[str, Any]]:
        body.apply(lab.usb)
        return [_port(port) for port in lab.usb.comports()]

    return app


def _named(lab: Lab, name: str) -> LabModem:
    modem = lab.modems.get(name)
    if modem is None:
        raise HTTPException(404, f"no modem {name!r}; there are {', '.join(lab.modems)}")
    return modem


# -- shapes of the answers


def _modem(modem: LabModem) -> dict[str, Any]:
    device: Device = modem.device
    sim = device.sim
    return {
        "name": device.name,
        "family": device.family.name,
        "port": str(modem.link.path),
        "plugged": modem.link.plugged,
        "open": modem.link.hosted,
        "number": sim.number if sim else None,
        "imei": device.imei,
        "iccid": sim.iccid if sim else None,
        "imsi": sim.imsi if sim else None,
        "operator": sim.operator.code if sim else None,
        "registration": device.registration,
        "stored": sim.memory.used if sim else None,
        "capacity": sim.memory.capacity if sim else None,
    }


def _phone(phone: Phone) -> dict[str, Any]:
    return {
        "number": phone.number,
        "operator": phone.operator.code,
        "on": phone.on,
        "received": len(phone.inbox),
    }


def _call(call: VoiceCall) -> dict[str, Any]:
    return {"from": call.caller.number, "to": call.callee.number, "state": call.state.value}


def _received(received: Received) -> dict[str, Any]:
    return {
        "at": received.at.isoformat(),
        "from": received.sender,
        "text": received.text,
        "parts": received.parts,
        "tpdus": [tpdu.hex().upper() for tpdu in received.tpdus],
    }


def _network(lab: Lab) -> dict[str, Any]:
    network = lab.network
    return {
        "kind": network.kind,
        "delivery_latency_s": network.delivery_latency_s,
        "report_latency_s": network.report_latency_s,
        "report_loss": network.report_loss,
        "reports_twice": network.unkind.reports_twice,
        "reports_foreign": network.unkind.reports_foreign,
        "reports_national": network.unkind.reports_national,
        "temporary_reports": network.unkind.temporary_reports,
        "reordered": network.unkind.reordered,
        "clock_off_s": network.unkind.clock_off.total_seconds(),
        "reports_lost": network.reports_lost,
        "accepted": len(network.journal),
    }


def _operator(operator: Operator) -> dict[str, Any]:
    return {
        "code": operator.code,
        "name": operator.name,
        "smsc": operator.smsc,
        "country_code": operator.country_code,
        "delivery_latency_s": operator.delivery_latency_s,
        "report_latency_s": operator.report_latency_s,
        "parts_per_s": operator.parts_per_s,
        "refusals": operator.refusals,
    }


def _port(port: UsbPort) -> dict[str, Any]:
    """Returns a port with the names and types of pyserial's `ListPortInfo`."""
    names = ("device", "name", "description", "hwid", "vid", "pid", "serial_number", "location", "manufacturer")
    more = ("product", "interface", "usb_device_path", "usb_interface_path")
    return {name: getattr(port, name) for name in (*names, *more)}


# -- errors: one shape for all


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(make_problem(code, status, message), status, headers, CONTENT_TYPE)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        codes = {404: "not_found", 405: "method_not_allowed"}
        headers = dict(error.headers or {})
        if "Allow" in headers:
            headers["Allow"] = ", ".join(list_methods(app.routes, request.scope["path"]))
        return _error(error.status_code, codes.get(error.status_code, "http"), str(error.detail), headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        message = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return _error(422, "invalid", message)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return _error(409, error.code, str(error))

    @app.exception_handler(EncodeError)
    async def impossible(request: Request, error: EncodeError) -> JSONResponse:
        return _error(422, "impossible", str(error))

    @app.exception_handler(OSError)
    async def system(request: Request, error: OSError) -> JSONResponse:
        return _error(500, "system", str(error))
