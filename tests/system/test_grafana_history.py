"""What Grafana's Infinity data source asks of the bridge: every address answers with the columns it is told of."""

import csv
import io
import json
import time

import pytest

from tests.support.waiting import eventually
from tests.system.lab import Lab


@pytest.mark.system
async def test_every_address_of_a_history_dashboard_answers_with_its_columns(lab: Lab) -> None:
    await lab.simulate("mt-sics:balance1")
    table = f'[[instrument]]\nname = "balance1"\ndriver = "mt-sics"\nport = "{lab.lines}/balance1"\nsimulated = true\n'
    await lab.logger()
    await lab.edge(table)
    await lab.bridge()
    folder = lab.folder / "boards"
    begin = int(time.time() * 1000)

    async def stored() -> bool:
        async with lab.http() as http:
            asked: dict[str, str | int] = {"instrument": "balance1", "from": begin, "to": begin + 60_000}
            answer = await http.get("/api/history", params=asked)
            return answer.status_code == 200 and bool(answer.json()["series"].get("weight", {}).get("t"))

    await eventually(stored, 30, "weights in the history")
    await lab.labwire("gen", "grafana", "--history", "--db", str(lab.database), "-o", str(folder))
    board = json.loads((folder / "balance1.json").read_text())
    async with lab.http() as http:
        for target in (t for panel in board["panels"] for t in panel["targets"]):
            url = target["url"].replace("${__from}", str(begin)).replace("${__to}", str(begin + 60_000))
            answer = await http.get(url)
            assert answer.status_code == 200, url
            if target["type"] == "csv":
                header = next(csv.reader(io.StringIO(answer.text)))
                assert {c["selector"] for c in target["columns"]} <= set(header), url
            else:
                assert isinstance(answer.json(), list)
