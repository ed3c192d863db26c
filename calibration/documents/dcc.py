"""A dossier as Digital Calibration Certificate."""

from calibration.documents.dossier import Dossier


def render(d: Dossier) -> bytes:
    return b"<dcc/>"
