"""What is handed over: protocol, certificate, worksheet and label as PDF, the DCC, CSV, and the signature.

All of it is made from a ``Dossier``; the same one gives the same bytes. fpdf2, segno and pyHanko are imported only by
the modules that draw and sign, so import ``pdf`` and ``sign`` where they are needed.
"""
