#!/bin/sh
# Makes the documents of the samples again, from their records. They come out byte for byte as they are here
# (tests/calibration/documents/test_samples.py runs every line). The ledger's head is invented, like the laboratory.
set -eu
cd "$(dirname "$0")"
labwire cal pdf pt100/record.json -p pt100/procedure.toml --chain-head 3c0f8e6d2b7a95140c6e1fb2d47a83906f5be0c12d94a7e8510b36fc7d28e941 --kind certificate --language de -o pt100/certificate-de.pdf
labwire cal pdf pt100/record.json -p pt100/procedure.toml --chain-head 3c0f8e6d2b7a95140c6e1fb2d47a83906f5be0c12d94a7e8510b36fc7d28e941 --kind certificate --language en -o pt100/certificate-en.pdf
labwire cal pdf pt100/record.json -p pt100/procedure.toml --chain-head 3c0f8e6d2b7a95140c6e1fb2d47a83906f5be0c12d94a7e8510b36fc7d28e941 --kind protocol --language de -o pt100/protocol-de.pdf
labwire cal pdf pt100/record.json -p pt100/procedure.toml --chain-head 3c0f8e6d2b7a95140c6e1fb2d47a83906f5be0c12d94a7e8510b36fc7d28e941 --kind protocol --language en -o pt100/protocol-en.pdf
labwire cal label pt100/record.json -p pt100/procedure.toml -o pt100/label-de.pdf
labwire cal worksheet pt100/procedure.toml --lab pt100 -o pt100/worksheet-de.pdf
labwire cal dcc pt100/record.json -p pt100/procedure.toml -o pt100/dcc.xml
labwire cal csv pt100/record.json -p pt100/procedure.toml -o pt100/results.csv
labwire cal pdf balance/record.json -p balance/procedure.toml --chain-head b81d4f0a6c35e297d0184be6a9f3725c1e60d8b4f7a2935c8046e1db5f9a7302 --kind certificate --language de -o balance/certificate-de.pdf
labwire cal pdf balance/record.json -p balance/procedure.toml --chain-head b81d4f0a6c35e297d0184be6a9f3725c1e60d8b4f7a2935c8046e1db5f9a7302 --kind certificate --language en -o balance/certificate-en.pdf
labwire cal pdf balance/record.json -p balance/procedure.toml --chain-head b81d4f0a6c35e297d0184be6a9f3725c1e60d8b4f7a2935c8046e1db5f9a7302 --kind protocol --language de -o balance/protocol-de.pdf
labwire cal pdf balance/record.json -p balance/procedure.toml --chain-head b81d4f0a6c35e297d0184be6a9f3725c1e60d8b4f7a2935c8046e1db5f9a7302 --kind protocol --language en -o balance/protocol-en.pdf
labwire cal label balance/record.json -p balance/procedure.toml -o balance/label-en.pdf
labwire cal worksheet balance/procedure.toml --lab balance -o balance/worksheet-en.pdf
labwire cal dcc balance/record.json -p balance/procedure.toml -o balance/dcc.xml
labwire cal csv balance/record.json -p balance/procedure.toml -o balance/results.csv
