"""Commands from the page: down to the bytes on the line, and never claimed before they are done."""

import re

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.dashboard.pages import Pages, instruments, shot, tile
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(shared_lab: Lab) -> Lab:
    await instruments(shared_lab, "stirrer1")
    return shared_lab


async def stirrer(pages: Pages, who: str = "anna") -> Page:
    page = await pages.open(who)
    await expect(tile(page, "stirrer1/setpoint")).to_have_class(re.compile(r"\bfresh\b"))
    return page


def form(page: Page, command: str) -> Locator:
    return page.locator(f'.command-form[data-command="{command}"]')


def on_the_line(lab: Lab, text: str) -> int:
    return sum(text.encode() in line for line in lab.on_the_line("stirrer1", "<"))


async def test_a_command_goes_to_the_instrument_and_its_answer_comes_back(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)
    speed = form(page, "set_speed")

    await speed.get_by_label("Speed").fill("450")
    await speed.get_by_role("button", name="Set speed").click()

    await expect(speed.locator(".outcome")).to_have_attribute("data-state", "done")
    assert on_the_line(lab, "OUT_SP_4 450") == 1
    await expect(tile(page, "stirrer1/setpoint").locator(".tile-number")).to_have_text("450")
    entry = page.locator('.entry[data-kind="command"]').filter(has_text="Set speed 450 1/min")
    await expect(entry).to_have_count(1)
    await expect(entry).to_contain_text("✔")
    await shot(page, "command-done")


def states_in(frames: list[str | bytes]) -> list[str]:
    """What the bridge has reported of commands in these frames."""
    texts = [msgspec.json.decode(f) for f in frames if isinstance(f, str)]
    return [t["state"] for t in texts if t["op"] == "command"]


async def test_every_state_is_shown_as_it_is_reported(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)
    frames: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    await page.reload()
    speed = form(page, "set_speed")
    await page.evaluate(
        """() => {
          window.seen = [];
          new MutationObserver(() => {
            const state = document.querySelector('[data-command="set_speed"] .outcome')?.dataset.state;
            if (state && window.seen.at(-1) !== state) window.seen.push(state);
          }).observe(document.body, { subtree: true, childList: true, attributes: true });
        }"""
    )

    await speed.get_by_label("Speed").fill("200")
    await speed.get_by_role("button", name="Set speed").click()
    await expect(speed.locator(".outcome")).to_have_attribute("data-state", "done")

    reported = states_in(frames)
    assert [s for s in reported if s != "running"] == ["sent", "accepted", "done"]
    states = await page.evaluate("window.seen")
    assert set(states) <= {"pending", *reported}
    assert states[-1] == "done"
    assert states[0] in ("pending", "sent"), states
    assert states == sorted(states, key=["pending", "sent", "accepted", "running", "done"].index)


async def test_beyond_the_limits_nothing_is_sent(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)
    speed = form(page, "set_speed")

    await speed.get_by_label("Speed").fill("99999")
    await speed.get_by_role("button", name="Set speed").click()

    await expect(speed.locator(".field-problem")).to_contain_text("allowed: 0 …")
    await expect(speed.locator(".outcome")).to_have_count(0)
    assert on_the_line(lab, "OUT_SP_4 99999") == 0
    await shot(page, "command-limits")


async def test_a_question_stands_before_what_wants_one(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)
    start = form(page, "start")
    before = on_the_line(lab, "START_4")

    await start.get_by_role("button", name=re.compile("^Start")).click()
    await expect(start.get_by_role("alertdialog")).to_contain_text("Start on Stirrer?")
    await shot(page, "command-question")
    await start.get_by_role("button", name="Cancel").click()
    assert on_the_line(lab, "START_4") == before
    await start.get_by_role("button", name=re.compile("^Start")).click()
    await start.get_by_role("button", name="Yes, do it").click()

    await expect(start.locator(".outcome")).to_have_attribute("data-state", "done")
    assert on_the_line(lab, "START_4") == before + 1


async def test_a_failure_is_said_in_words_where_it_happened(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages)
    speed = form(page, "set_speed")
    setpoint = tile(page, "stirrer1/setpoint").locator(".tile-number")
    before = await setpoint.inner_text()
    lab.tell("stirrer1", "silent")

    await speed.get_by_label("Speed").fill("120")
    await speed.get_by_role("button", name="Set speed").click()

    outcome = speed.locator(".outcome")
    await expect(outcome).to_have_attribute("data-state", "accepted")
    assert await outcome.inner_text() != "", "a word, not only a sign"
    await expect(outcome).to_have_attribute("data-state", re.compile("failed|rejected|no_answer"))
    await expect(speed.locator(".outcome-detail")).to_contain_text("Not done: ")
    await expect(setpoint).to_have_text(before)
    await expect(page.locator("[aria-live=polite]")).to_contain_text("Set speed 120 1/min")
    await shot(page, "command-failed")
    lab.tell("stirrer1", "normal")
    await expect(tile(page, "stirrer1/setpoint")).to_have_class(re.compile(r"\bfresh\b"))


async def test_who_may_only_look_sees_why(lab: Lab, pages: Pages) -> None:
    page = await stirrer(pages, "victor")

    await expect(page.locator(".obstacle")).to_contain_text("may look, not command")
    for button in await page.locator(".command-form .go").all():
        await expect(button).to_be_disabled()
    await expect(page.get_by_label("Note", exact=True)).to_be_disabled()
    await shot(page, "viewer")
