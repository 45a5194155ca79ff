"""What the network saw, what is inside it, and correcting it."""

import base64
import io
import re

import numpy as np
import onnx
import pytest
from PIL import Image
from playwright.sync_api import expect

from digit_classifier import weights
from server.page.hand import draw, number, pixels


def test_the_image_that_the_network_got_is_shown(page):
    with (
        page.expect_response(re.compile("/v1/inside")),
        page.expect_response(
            lambda response: "/v1/read" in response.url and response.json()["text"] == "3"
        ) as answer,
    ):
        draw(page, "3")
    expect(number(page)).to_have_text("3")
    image = np.frombuffer(base64.b64decode(answer.value.json()["digits"][0]["image"]), np.uint8)
    shown = pixels(page, "#seen")
    paper, ink = shown[0, 0, :3].astype(int), np.array([0x22, 0x30, 0x7A])
    share = image.reshape(28, 28, 1) / 255
    assert np.abs(shown[..., :3] - (paper + (ink - paper) * share)).max() <= 1


def test_ten_bars_carry_their_numbers(page):
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    rows = page.locator("#bars tr")
    expect(rows).to_have_count(10)
    expect(rows).to_contain_text([re.compile(rf"{digit}\s*[<>]?\d+\.\d %") for digit in range(10)])
    expect(page.locator("#bars .best th")).to_have_text("3")


def test_a_digit_that_is_chosen_is_the_one_that_is_looked_into(page):
    draw(page, "35")
    expect(number(page)).to_have_text("35")
    page.locator("#marks input").nth(1).check(force=True)
    expect(page.locator("#bars .best th")).to_have_text("5")
    expect(page.locator("#output .best")).to_contain_text("5")
    expect(page.locator("#boxes rect").nth(1)).to_have_class(re.compile("chosen"))


def test_the_activations_are_those_of_the_network(page):
    with page.expect_response(
        lambda response: "/v1/inside" in response.url and response.request.method == "POST"
    ) as inside:
        draw(page, "1")
    first, second, answer = (layer["activations"] for layer in inside.value.json()["layers"])
    neurons = page.get_by_role("radiogroup", name="First layer").get_by_role("radio")
    expect(neurons).to_have_count(32)
    for at, value in enumerate(first):
        expect(neurons.nth(at)).to_have_accessible_name(f"Neuron {at + 1}, response {value:.2f}")
    spoken = [f"Neuron {at + 1}: {value:.2f}" for at, value in enumerate(second)]
    expect(page.locator("#second li")).to_have_text(spoken)
    expect(page.locator("#output .best")).to_contain_text(str(np.argmax(answer)))


def test_a_networks_own_answer_is_told_from_that_of_the_reading(page):
    draw(page, "3")
    expect(page.locator("#saw-note")).to_contain_text("of this network and of the finder together")
    expect(page.locator("#output-note")).to_contain_text("of this network alone")


def test_the_weights_of_a_chosen_neuron_are_a_picture(page, server):
    raw = base64.b64decode(server.client.get("v1/inside").json()["weights"])
    own = np.frombuffer(raw, "<f4").reshape(32, 28, 28)[4]
    page.get_by_role("radio", name="Neuron 5,").check(force=True)
    expect(page.locator("#neuron-title")).to_have_text("What neuron 5 looks for")
    red, _, blue = np.moveaxis(pixels(page, "#weights")[..., :3].astype(int), 2, 0)
    limit = np.quantile(np.abs(own), 0.9)
    assert (red > blue)[own > limit].all()  # orange raises
    assert (blue > red)[own < -limit].all()  # blue lowers


def test_where_the_network_that_reads_shows_no_layers_it_is_said_which_one_is_shown(page):
    expect(page.locator("#inside-title")).to_have_text("Inside mlp")
    note = page.locator("#inside-note")
    expect(note).to_contain_text("cnn is not made of dense layers alone")
    expect(note).to_contain_text("Shown is mlp")
    page.get_by_role("radio", name="mlp").check(force=True)
    expect(note).to_have_text("784 pixels in, 2 layers of 32 and 32 neurons, 10 answers out.")


def test_a_network_of_ones_own_is_the_one_that_is_looked_into(open_page, start, tmp_path):
    network = onnx.load(weights.find("mlp"))
    about = {"name": "mine", "accuracy": "0.9", "dataset": "homework", "measured_on": "40 images"}
    onnx.helper.set_model_props(network, about)
    onnx.save(network, tmp_path / "mine.onnx")
    page = open_page(start("--model", str(tmp_path / "mine.onnx")).address)
    expect(page.locator("#inside-title")).to_have_text("Inside mine")
    expect(page.locator("#measured")).to_have_text(re.compile("of mine on homework’s 40 images"))
    with page.expect_response(re.compile("/v1/inside")) as asked:
        draw(page, "3")
    assert asked.value.url.endswith("model=mine")


def test_a_correction_is_kept_with_its_label(open_page, start, tmp_path):
    page = open_page(start("--corrections", str(tmp_path / "mine")).address)
    draw(page, "35")
    expect(number(page)).to_have_text("35")
    page.locator("#marks input").nth(1).check(force=True)
    expect(page.locator("#kept")).to_contain_text("mine")
    expect(page.locator("#privacy")).to_contain_text("mine")
    page.get_by_role("group", name="That’s wrong").get_by_role("button", name="8").click()
    expect(page.locator("#kept")).to_contain_text("Kept as 8")
    (kept,) = (tmp_path / "mine" / "8").iterdir()
    assert kept.name in page.locator("#kept").inner_text()


def kept_in(folder):
    return sorted(path.parent.name for path in folder.rglob("*.png"))


def label(page, digit):
    group = page.get_by_role("group", name="That’s wrong")
    return group.get_by_role("button", name=str(digit), exact=True)


@pytest.fixture
def corrected(open_page, start, tmp_path):
    """A 3 and a 5 on a page whose server keeps corrections in `tmp_path`."""
    page = open_page(start("--corrections", str(tmp_path)).address)
    draw(page, "35")
    expect(number(page)).to_have_text("35")
    return page


def test_a_second_choice_for_a_mark_takes_the_place_of_the_first(corrected, tmp_path):
    page = corrected
    label(page, 4).click()
    label(page, 6).click()  # at once: it waits for its turn
    expect(page.locator("#kept")).to_contain_text("Kept as 6")
    expect(label(page, 6)).to_have_attribute("aria-pressed", "true")
    expect(label(page, 4)).to_have_attribute("aria-pressed", "false")
    page.locator("#marks input").nth(1).check(force=True)
    expect(label(page, 6)).to_have_attribute("aria-pressed", "false")
    label(page, 9).click()
    expect(page.locator("#kept")).to_contain_text("Kept as 9")
    assert kept_in(tmp_path) == ["6", "9"]
    page.locator("#marks input").nth(0).check(force=True)
    expect(page.locator("#kept")).to_contain_text("Kept as 6")
    page.get_by_role("radio", name="small").check(force=True)
    expect(page.locator("#verdict")).to_contain_text("Read by small")
    label(page, 7).click()  # the same mark, whoever reads it
    expect(page.locator("#kept")).to_contain_text("Kept as 7")
    assert kept_in(tmp_path) == ["7", "9"]


def test_a_double_click_keeps_one_picture_and_another_click_takes_it_back(corrected, tmp_path):
    page = corrected
    label(page, 4).dblclick()
    expect(page.locator("#kept")).to_contain_text("Kept as 4")
    label(page, 8).dblclick()
    expect(page.locator("#kept")).to_contain_text("Kept as 8")
    assert kept_in(tmp_path) == ["8"]
    page.wait_for_timeout(600)  # until the next click is not the third of three
    label(page, 8).click()
    expect(page.locator("#kept")).to_have_text("Taken back.")
    expect(label(page, 8)).to_have_attribute("aria-pressed", "false")
    assert kept_in(tmp_path) == []


def test_a_key_that_is_held_chooses_once(corrected, tmp_path):
    page, asked = corrected, []
    page.on("request", lambda request: asked.append(request.url))
    label(page, 4).focus()
    for _ in range(4):
        page.keyboard.down("Enter")  # all but the first repeat
    page.keyboard.up("Enter")
    label(page, 5).click()
    expect(page.locator("#kept")).to_contain_text("Kept as 5")
    assert kept_in(tmp_path) == ["5"]
    assert len([url for url in asked if "/v1/corrections" in url]) == 2


def test_a_correction_that_is_no_longer_wanted_says_that_they_are_off(open_page, start, tmp_path):
    before = start("--corrections", str(tmp_path))
    page = open_page(before.address)
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    before.stop()
    start("--port", str(before.port))
    label(page, 8).click()
    expect(page.locator("#kept")).to_contain_text("Not kept. This server keeps no corrections")
    expect(page.locator("#labels")).not_to_be_visible()


def test_a_picture_of_four_megabytes_is_read_and_corrected(corrected, tmp_path):
    page = corrected
    noise = np.random.default_rng(0).integers(150, 256, (1250, 1250, 3), np.uint8)
    noise[200:1000, 600:660] = 0
    file = io.BytesIO()
    Image.fromarray(noise).save(file, format="PNG")
    assert 3_750_000 < len(file.getvalue()) < 4_900_000
    picture = {"name": "noise.png", "mimeType": "image/png", "buffer": file.getvalue()}
    page.locator("#file").set_input_files(picture)
    expect(number(page)).to_have_text("1")
    label(page, 7).click()
    expect(page.locator("#kept")).to_contain_text("Kept as 7")
    assert kept_in(tmp_path) == ["7"]


def test_what_is_not_kept_is_said_in_a_sentence(open_page, start, tmp_path):
    flags = ("--corrections", str(tmp_path), "--max-corrections", "100")
    page = open_page(start(*flags).address)
    draw(page, "3")
    label(page, 8).click()
    expect(page.locator("#kept")).to_contain_text("Not kept. Corrections take")
    expect(label(page, 8)).to_have_attribute("aria-pressed", "false")


def test_a_server_that_keeps_nothing_says_so(page):
    draw(page, "3")
    expect(page.locator("#kept")).to_contain_text("Corrections are off")
    expect(page.locator("#labels")).not_to_be_visible()
    expect(page.locator("#privacy")).to_contain_text("forgotten")
