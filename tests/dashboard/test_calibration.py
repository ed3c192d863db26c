"""Calibrations in the browser: a run on a simulated bath from its start to the released certificate, and the checks."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from calibration import record as records
from calibration.procedure import sha256
from tests.dashboard.pages import Pages
from tests.support.broker import TestBroker
from tests.support.waiting import eventually
from tests.system.lab import laboratory
from tests.system.test_calibration import PROCEDURE, Work, check_record, work

pytestmark = pytest.mark.asyncio(loop_scope="module")
TABLET = (1024, 768)


@pytest_asyncio.fixture(loop_scope="module")
async def workshop(chromium: Browser, mosquitto: TestBroker, tmp_path: Path) -> AsyncIterator[Work]:
    """A bath, a register, everything that runs, and the calibration service."""
    async with laboratory(tmp_path, mosquitto) as lab, work(lab) as made:
        made.register.keep_procedure(PROCEDURE)
        service = await lab.run("calibration", "cal", "serve", "-c", made.config)
        await eventually(lambda: "calibration service" in service.tail(), 30, "the service")
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def views(chromium: Browser, workshop: Work) -> AsyncIterator[Pages]:
    opened = Pages(chromium, workshop.lab)
    yield opened
    await opened.close()
    assert opened.complaints == []


async def calibrations(views: Pages, who: str = "anna", size: tuple[int, int] = TABLET) -> Page:
    """The page of calibrations, reached from the live page."""
    page = await views.open(who, size=size)
    await page.get_by_role("link", name="Calibration").click()
    await expect(page.get_by_role("heading", name="Due")).to_be_visible()
    return page


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def point(page: Page) -> None:
    """One point: set, settled, read, accepted; the bath follows by itself."""
    await press(page, "It is set")
    await press(page, "Accept")


async def test_a_run_is_guided_from_its_start_to_the_certificate(workshop: Work, views: Pages, tmp_path: Path) -> None:
    page = await calibrations(views)
    await page.get_by_role("link", name="New calibration").click()
    await page.locator("select[name=procedure]").select_option(sha256(PROCEDURE))
    await page.locator("select[name=item]").select_option("bath1/pt100")
    await page.locator("select[name=reference]").select_option("bath1/reference")
    await press(page, "Begin")
    await expect(page.locator(".now")).to_have_text("before the work")
    await page.get_by_label("immersion depth").fill("160 mm")
    await page.get_by_label("done", exact=True).check()
    await press(page, "Begin")
    await point(page)

    # The browser is closed, and somebody else looks: the run goes on where it was.
    address = page.url
    await page.close()
    watcher = await calibrations(views, "victor")
    await watcher.get_by_role("link", name=re.compile("Runs")).click()
    await watcher.get_by_role("link", name=re.compile("Pt100 in a small bath")).click()
    await expect(watcher.get_by_text("an operator decides")).to_be_visible()
    await expect(watcher.get_by_role("button", name="It is set")).to_have_count(0)
    page = await calibrations(views)
    await page.goto(address)
    await expect(page.get_by_role("row", name=re.compile("as found 20"))).to_be_visible()
    for _ in range(3):
        await point(page)

    await expect(page.get_by_text("put the new curve in force", exact=True)).to_be_visible()
    await page.get_by_label("yes", exact=True).check()
    await press(page, "Go on")
    await point(page)
    await press(page, "Finish")
    recorded = page.get_by_text("Recorded as").get_by_role("link")
    number = await recorded.inner_text()
    check_record(workshop.register, number)
    assert workshop.register.record(number).history[-1].by.authenticated

    await recorded.click()
    await press(page, "Reviewed: it is in order")
    await press(page, "Release")
    await expect(page.get_by_text(f"{number} is released")).to_be_visible()
    async with page.expect_download() as download:
        await press(page, "Certificate")
    kept = tmp_path / "certificate.pdf"
    await (await download.value).save_as(kept)
    made = workshop.register.record(number)
    assert kept.read_bytes() == workshop.register.document(number, made.rev, "certificate").read_bytes()  # type: ignore[union-attr]

    # The code on the paper, opened by somebody who has no access.
    sha = records.sha256(made)[:32]
    auditor = await views.open(None)
    await auditor.goto(f"{workshop.lab.url}/cal/{number}#{sha}")
    await expect(auditor.locator("#verdict")).to_contain_text("issued here and is in force")
    await auditor.goto("about:blank")
    await auditor.goto(f"{workshop.lab.url}/cal/{number}#{'0' * 32}")
    await expect(auditor.locator("#verdict")).to_contain_text("no such certificate")


async def test_the_bath_is_brought_to_the_point_from_the_page(workshop: Work, views: Pages) -> None:
    workshop.set_to = 20.0  # whoever follows the runs leaves the bath alone
    page = await calibrations(views)
    await page.get_by_role("link", name="Calibrate pt-7").click()
    await expect(page.locator("select[name=procedure]")).to_have_value(sha256(PROCEDURE))
    await expect(page.locator("select[name=item]")).to_have_value("bath1/pt100")
    await expect(page.locator("select[name=reference]")).to_have_value("bath1/reference")
    await press(page, "Begin")
    await page.get_by_label("immersion depth").fill("160 mm")
    await page.get_by_label("done", exact=True).check()
    await press(page, "Begin")

    await press(page, "Set the bath: 20 °C …")
    await press(page, "Cancel")
    await expect(page.locator(".now.set")).to_be_visible()
    await press(page, "Set the bath: 20 °C …")
    await press(page, "Yes, do it")
    await expect(page.locator(".now.set")).to_have_count(0)

    live = await views.open("victor")
    await expect(live.locator('.entry[data-kind="command"]').first).to_contain_text("Set the bath 20 °C")
    await press(page, "Abort …")
    await page.get_by_label("Why is the run aborted?").fill("enough seen")
    await press(page, "Abort the run")
    await expect(page.locator(".now.aborted")).to_be_visible()


async def test_a_run_that_may_not_begin_says_why(workshop: Work, views: Pages) -> None:
    page = await calibrations(views)
    await page.get_by_role("link", name="New calibration").click()
    await page.locator("select[name=procedure]").select_option(sha256(PROCEDURE))
    await page.locator("select[name=item]").select_option("bath1/reference")
    await page.locator("select[name=reference]").select_option("bath1/pt100")
    await press(page, "Begin")
    await expect(page.locator("main > .notice.bad")).to_be_visible()


async def test_a_check_takes_a_number_and_says_what_it_means(workshop: Work, views: Pages) -> None:
    await workshop.cal(
        "check", "pt-7", "--define", "ice point", "--nominal", "0.00", "--warning", "0.05", "--action", "0.10",
        "--unit", "°C", "--by", "anna",
    )  # fmt: skip
    tile = (await views.open("anna")).locator('[data-key="bath1/pt100"]')
    await expect(tile.get_by_text("never checked")).to_be_visible()
    page = await calibrations(views)
    await page.get_by_role("link", name="Checks").click()
    for value, words in (("0,02", "in order"), ("0.07", "beyond the warning limit"), ("-0.2", "do not use it")):
        await page.get_by_label("Reading / °C").fill(value)
        await press(page, "Keep it")
        await expect(page.locator("main > .notice")).to_contain_text(words)
        await expect(page.locator(".big-verdict")).to_contain_text(words)
    await expect(page.get_by_role("img", name=re.compile("last 3 checks"))).to_be_visible()
    live = await views.open("anna")
    await expect(live.locator(".tile", has_text="Pt100").first).to_be_visible()
    await expect(live.get_by_text("never checked")).to_have_count(0)
    looker = await calibrations(views, "victor", (390, 844))
    await looker.get_by_role("link", name="Checks").click()
    await expect(looker.locator(".big-verdict")).to_contain_text("do not use it")
    await expect(looker.get_by_role("button", name="Keep it")).to_have_count(0)
