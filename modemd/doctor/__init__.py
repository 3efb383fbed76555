"""`modemd doctor`: everything between a newcomer and the first message, looked at once, each thing with its remedy.

`examine` asks the daemon where one runs, and leaves its modems alone; where none runs, it opens the ports itself. What it can
say is data (`modemd.doctor.advice`); what it needs of the machine is handed in (`modemd.doctor.examination.Environment`).
"""

from __future__ import annotations

from modemd.doctor.advice import ADVICE, Finding
from modemd.doctor.codes import Code, Severity, Symptom
from modemd.doctor.examination import Environment, Report, examine

__all__ = ["ADVICE", "Code", "Environment", "Finding", "Report", "Severity", "Symptom", "examine"]
