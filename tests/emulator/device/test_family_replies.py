"""Single lines of dialogue that go another way in one family than in others."""

from __future__ import annotations

import pytest

from tests.emulator.bench import Bench


@pytest.mark.parametrize(
    ("name", "command", "answer"),
    [
        ("huawei_e3372", "AT+CNMI=?", "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)\r\nOK"),
        ("huawei_e3372", "AT+CNMI=2,1,0,1,0", "+CMS ERROR: 303"),
        ("huawei_e3372", "AT+CNMI=2,1,0,2,0", "OK"),
        ("huawei_e3372", "AT^ICCID?", "^ICCID: 8933010000000000010\r\nOK"),
        ("huawei_e3372", "AT+CCID", ""),
        ("huawei_e3372", "AT+CMMS=2", "+CMS ERROR: 500"),
        ("huawei_e3372", "AT+CMMS=1", "OK"),
        ("huawei_e3372", "AT+WIND?", "COMMAND NOT SUPPORT"),
        ("huawei_me909s", "AT+CNMI=2,1,0,1,0", "+CMS ERROR: 303"),
        ("sim800", "ATI", "SIM800 R14.18\r\nOK"),
        ("sim800", "AT+CNMI=?", "+CNMI: (0-3),(0-3),(0,2),(0,1),(0,1)\r\nOK"),
        ("sim800", "AT+CNMI=2,1,0,2,0", "+CMS ERROR: 303"),
        ("sim800", "AT+CNMI=3,1,0,1,0", "OK"),
        ("sim800", "AT+CCID", "8933010000000000010\r\nOK"),
        ("sim800", "AT+CMMS=1", "ERROR"),
        ("sim800", "AT+CMMSINIT=?", "OK"),
        ("sim800", "AT+CMGR=2", "OK"),
        ("quectel_ec25", "AT+CMGR=0", "OK"),
        ("quectel_ec25", 'AT+CPMS="MT"', "+CPMS: 0,255,0,50,0,50\r\nOK"),
        ("quectel_ec25", "AT+CSCS?", '+CSCS: "GSM"\r\nOK'),
        ("quectel_ec25", "AT+CPMS=?", "+CPMS: " + ",".join(['("SM","ME","MT","SR")'] * 3) + "\r\nOK"),
        ("cinterion_bgs5", "AT+CFUN?", "+CFUN: 1,0\r\nOK"),
        ("cinterion_bgs5", "AT+CNMI=2,1,0,2,0", "+CMS ERROR: 303"),
        ("cinterion_bgs5", "AT+CNMI=2,1,0,2,1", "OK"),
        ("cinterion_bgs5", "AT+CNMI=2,1", "+CMS ERROR: 303"),
        ("cinterion_bgs5", "AT+CNMI=2,2,0,0,1", "+CMS ERROR: 303"),
        ("cinterion_bgs5", "AT+CNMI=2,1,0,1,1", "+CMS ERROR: 303"),
        ("cinterion_bgs5", "AT+CSMS=1;+CNMI=2,2,0,1,1", "+CSMS: 1,1,1\r\nOK"),
        ("cinterion_bgs5", "AT+CPMS=?", '+CPMS: ("ME","SM","MT"),("ME","SM","MT"),("SM","MT")\r\nOK'),
        ("cinterion_bgs5", 'AT+CPMS="ME","ME","ME"', "+CMS ERROR: 302"),
        ("cinterion_bgs5", 'AT+CPMS="ME","ME","MT"', "+CPMS: 0,25,0,25,0,75\r\nOK"),
        ("cinterion_bgs5", "AT+CNMA=?", "+CNMA: (0)\r\nOK"),
        ("cinterion_bgs5", "AT+CNMA=1", "+CMS ERROR: 303"),
        ("cinterion_bgs5", "AT^SMGO=3", "ERROR"),
        ("wavecom_q2403", "AT+CGMR", "ERROR"),
        ("wavecom_q2403", "AT+CPMS=?", '+CPMS: (("SM","BM","SR"),("SM"))\r\nOK'),
        ("wavecom_q2403", 'AT+CPMS="SM","SM"', "+CPMS: 0,50,0,50\r\nOK"),
        ("wavecom_q2403", "AT+CPMS?", '+CPMS: "SM",0,50,"SM",0,50\r\nOK'),
        ("wavecom_q2403", 'AT+CPMS="SM","SM","SM"', "ERROR"),
        ("wavecom_q2403", 'AT+CPMS="SM","SR"', "+CMS ERROR: 302"),
        ("wavecom_q2403", "AT+CNMI=2,1,0,2", "OK"),
        ("wavecom_q2403", "AT+CPIN?", "+CPIN: READY"),
        ("sierra_sl8084", "AT+CPIN?", "+CPIN: READY"),
        ("sierra_mc7455", "AT+CPIN?", "+CPIN: READY\r\nOK"),
        ("sierra_mc7455", 'AT!ENTERCND="A710"', "OK"),
        ("simcom_sim7600", "AT+CMEE?", "+CMEE: 2\r\nOK"),
        ("simcom_sim7600", "AT+CMGR=0", "+CMS ERROR: invalid memory index"),
        ("simcom_sim7600", "AT+CMEE=1;+CMGR=0", "+CMS ERROR: 321"),
        ("simcom_a7670", 'AT+COPS=1,2,"00000"', "+CME ERROR: no network service"),
        ("telit_le910", "AT#CCID", "#CCID: 8933010000000000010\r\nOK"),
        ("telit_le910", "AT#QSS=2", "OK"),
        ("telit_le910", "AT#QSS=9", "ERROR"),
        ("telit_le910", "AT#QSS=1;#QSS?", "#QSS: 1,3\r\nOK"),
        ("cinterion_bgs5", "AT^SSMSS=1;^SSMSS?", "^SSMSS: 1\r\nOK"),
        ("ublox_sara_u2", "AT+CFUN=?", "+CFUN: (0,1,4,15,16),(0,1)\r\nOK"),
        ("zte_mf190", "AT+ZPAS?", '+ZPAS: "HSDPA","CS_PS"\r\nOK'),
    ],
)
def test_a_question_and_the_familys_answer(name: str, command: str, answer: str) -> None:
    """One line of dialogue that goes another way elsewhere."""
    bench = Bench(name)
    bench.host.ask("ATE0")
    assert bench.host.ask(command, 60.0) == answer
    assert bench.host.ask("AT") == "OK"


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("huawei_e3372", "AT^CPIN?", "^CPIN: READY,,10,2,10,3"),
        ("sim800", "AT+SPIC", "+SPIC: 2,10,0,10"),
        ("simcom_sim7600", "AT+SPIC", "+SPIC: 2,10,3,10"),
        ("quectel_ec25", "AT+QPINC?", '+QPINC: "SC",2,10\r\n+QPINC: "P2",3,10'),
        ("telit_le910", "AT#PCT", "#PCT: 2"),
        ("ublox_sara_u2", "AT+UPINCNT", "+UPINCNT: 2,3,10,10"),
        ("cinterion_bgs5", "AT^SPIC", "^SPIC: 2"),
        ("sierra_mc7455", "AT+CPINC?", "+CPINC: 2,3,10,10"),
    ],
)
def test_the_tries_that_are_left(name: str, question: str, answer: str) -> None:
    """After a wrong PIN the family's own counter says so."""
    bench = Bench(name, pin="1234")
    bench.host.ask("ATE0")
    bench.host.ask('AT+CPIN="0000"')
    assert bench.host.ask(question) == f"{answer}\r\nOK"
