"""`modemd doctor`: checks everything that a message needs, and gives a remedy for each problem.

`examine` asks the daemon if one runs, and does not touch its modems; if none runs, it opens the ports itself. Its texts are
data (`modemd.doctor.advice`); its access to the machine is passed in (`modemd.doctor.examination.Environment`).
"""

from __future__ import annotations

from modemd.doctor.advice import ADVICE, Finding
from modemd.doctor.codes import Code, Severity, Symptom
from modemd.doctor.examination import Environment, Report, examine

__all__ = ["ADVICE", "Code", "Environment", "Finding", "Report", "Severity", "Symptom", "examine"]
