import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from digit_classifier.dataset import download, loading
from digit_classifier.dataset.download import Timeouts
from digit_classifier.errors import DataError, DownloadError, StorageError, UnreachableError

# Short where it makes a test quick, and long where a busy machine would fail it.
QUICK = Timeouts(contact=30.0, stall=1.0, grace=0.4, slowest=5_000)
IMAGES = "train-images-idx3-ubyte.gz"
NAMES = tuple(file.name for file in download.FILES)
TESTS = Path(__file__).parents[1]
PYTHONPATH = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))


def part(folder: Path, name: str = IMAGES) -> Path:
    return folder / f".{name}.part"


def assert_complete(folder: Path) -> None:
    assert loading.inspect(loading.Place("cache", folder)).state == "verified"
    assert not list(folder.glob(".*.part"))


def test_four_files_are_fetched_once_each(server, tmp_path):
    download.fetch(tmp_path / "new", mirrors=[server.url("good")])
    assert_complete(tmp_path / "new")
    assert server.asked == {f"good/{name}": 1 for name in NAMES}


def test_progress_counts_bytes_up_to_each_file_s_size(server, tmp_path):
    calls = []
    download.fetch(
        tmp_path, mirrors=[server.url("good")], progress=lambda *call: calls.append(call)
    )
    for file in download.FILES:
        done = [call[1] for call in calls if call[0] == file.name]
        assert done == sorted(done)
        assert done[-1] == file.size
        assert {call[2] for call in calls if call[0] == file.name} == {file.size}


# behaviour -> what the error must say, whether anybody was there
FAULTS = {
    "403": ("HTTP 403", True),
    "404": ("HTTP 404", True),
    "503": ("HTTP 503", True),
    "html": ("of text/html; train-images", True),
    "padded_html": ("sent text/html, not the file", True),
    "wrong": ("wrong content", True),
    "short": ("bytes of application/gzip; train-images", True),
    "truncated": ("broke off", True),
    "unannounced": ("ended early", True),
    "endless": ("sent more than the file has", True),
    "stalled": ("went silent", True),
    "dribble": ("too slow", True),
    "silent": ("no answer", False),
    "hang_up": ("hung up", False),
}


@pytest.mark.parametrize("behaviour", FAULTS)
def test_bad_mirror_is_given_up_with_its_reason(server, tmp_path, behaviour):
    words, reached = FAULTS[behaviour]
    with pytest.raises(DownloadError, match=words) as caught:
        download.fetch(tmp_path, mirrors=[server.url(behaviour)], timeouts=QUICK)
    assert isinstance(caught.value, UnreachableError) is not reached
    assert f"127.0.0.1:{server.server_port}: " in str(caught.value)
    assert not any((tmp_path / name).exists() for name in (*NAMES, "mnist.npz"))
    assert all(path.stat().st_size for path in tmp_path.glob(".*.part"))  # else nothing to resume


@pytest.mark.parametrize("behaviour", FAULTS)
def test_next_mirror_is_asked_after_a_bad_one(server, tmp_path, behaviour):
    chosen = [server.url(behaviour), server.url("good")]
    download.fetch(tmp_path, mirrors=chosen, timeouts=QUICK)
    assert_complete(tmp_path)
    assert server.asked[f"{behaviour}/{IMAGES}"] == 1


def test_every_mirror_s_reason_is_told(server, tmp_path):
    chosen = [server.url(each) for each in ("403", "html", "wrong")]
    chosen += ["http://127.0.0.1:9/", "nonsense", server.url("503", "mnist.npz")]
    with pytest.raises(DownloadError) as caught:
        download.fetch(tmp_path, mirrors=chosen, timeouts=QUICK)
    reasons = str(caught.value)
    for words in ("HTTP 403", "text/html", "wrong content", "refused", "nonsense: not an address"):
        assert words in reasons
    assert "/.../mnist.npz: HTTP 503" in reasons


def test_keras_archive_serves_as_the_last_mirror(server, tmp_path):
    chosen = [server.url("403"), server.url("good", "mnist.npz")]
    download.fetch(tmp_path, mirrors=chosen)
    assert (tmp_path / "mnist.npz").is_file()
    assert_complete(tmp_path)


def test_good_files_in_a_label_of_gzip_encoding_stay_gzipped(server, tmp_path):
    download.fetch(tmp_path, mirrors=[server.url("mislabelled")])
    assert_complete(tmp_path)


def test_broken_download_goes_on_where_it_stopped(server, tmp_path, published_folder):
    with pytest.raises(DownloadError):
        download.fetch(tmp_path, mirrors=[server.url("truncated")])
    have = part(tmp_path).stat().st_size
    assert have == (published_folder / IMAGES).stat().st_size // 2
    server.ranges.clear()
    download.fetch(tmp_path, mirrors=[server.url("good")])
    assert server.ranges[0] == f"bytes={have}-"
    assert server.ranges[1:] == [None] * 3
    assert_complete(tmp_path)


def test_mirror_that_cannot_resume_sends_the_whole_again(server, tmp_path, published_folder):
    part(tmp_path).write_bytes((published_folder / IMAGES).read_bytes()[:1000])
    download.fetch(tmp_path, mirrors=[server.url("no_range")])
    assert_complete(tmp_path)


@pytest.mark.parametrize("length", [1, 1000, -1, 0], ids=["one", "some", "too many", "all"])
def test_wrong_beginning_is_thrown_away_and_fetched_anew(
    server, tmp_path, published_folder, length
):
    size = (published_folder / IMAGES).stat().st_size
    part(tmp_path).write_bytes(b"\x1f" * (length if length > 0 else size - length))
    download.fetch(tmp_path, mirrors=[server.url("good")])
    assert_complete(tmp_path)


def test_finished_part_is_not_asked_for_again(server, tmp_path, published_folder):
    part(tmp_path).write_bytes((published_folder / IMAGES).read_bytes())
    download.fetch(tmp_path, mirrors=[server.url("good")])
    assert f"good/{IMAGES}" not in server.asked
    assert_complete(tmp_path)


def test_files_that_are_there_are_kept(server, tmp_path, published_folder):
    shutil.copy(published_folder / IMAGES, tmp_path)
    download.fetch(tmp_path, mirrors=[server.url("good")])
    assert f"good/{IMAGES}" not in server.asked
    server.asked.clear()
    download.fetch(tmp_path, mirrors=[server.url("good")])
    assert not server.asked


def test_archive_that_is_there_is_enough(server, tmp_path, published_folder):
    shutil.copy(published_folder / "mnist.npz", tmp_path)
    download.fetch(tmp_path, mirrors=[server.url("good")])
    assert not server.asked


def test_other_files_in_the_way_are_never_replaced_unasked(server, tmp_path):
    (tmp_path / IMAGES).write_bytes(b"somebody's own data")
    with pytest.raises(DataError, match="in the way"):
        download.fetch(tmp_path, mirrors=[server.url("good")])
    assert (tmp_path / IMAGES).read_bytes() == b"somebody's own data"
    download.fetch(tmp_path, mirrors=[server.url("good")], replace=True)
    assert_complete(tmp_path)


def test_silent_mirror_is_left_when_its_time_is_up(server, tmp_path):
    timeouts = Timeouts(contact=0.5, stall=60)
    with pytest.raises(UnreachableError, match=r"no answer in 0\.5 s"):
        download.fetch(tmp_path, mirrors=[server.url("silent")], timeouts=timeouts)


def test_look_up_of_a_name_that_hangs_is_left_too(tmp_path, monkeypatch):
    hanging = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: hanging.wait(60))
    try:
        with pytest.raises(UnreachableError, match=r"mirror\.invalid: no answer in 0\.5 s"):
            download.fetch(
                tmp_path, mirrors=["http://mirror.invalid/"], timeouts=Timeouts(contact=0.5)
            )
    finally:
        hanging.set()


def test_silent_mirrors_share_one_time_budget(server, tmp_path, monkeypatch):
    given = []
    real = download.Downloader._ask

    def note(self, url, start):
        given.append(self.contact)
        return real(self, url, start)

    monkeypatch.setattr(download.Downloader, "_ask", note)
    with pytest.raises(UnreachableError):
        download.fetch(tmp_path, mirrors=[server.url("silent")] * 4, timeouts=Timeouts(stall=0.2))
    assert sum(given) == pytest.approx(Timeouts().contact)
    # What a user gets: fifteen seconds, of which some are for everything else.
    assert Timeouts().contact <= 13
    assert len(given) == len(download.MIRRORS)


def test_mirrors_of_the_environment_replace_the_public_ones(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_MIRRORS", f"{server.url('403')}  {server.url('good')}")
    download.fetch(tmp_path)
    assert_complete(tmp_path)
    assert sum(server.asked.values()) == 5


def test_public_mirrors_are_asked_where_nobody_names_others():
    assert download.usual_mirrors() == download.MIRRORS
    assert all(address.startswith("https://") for address in download.MIRRORS)


def test_proxy_of_the_environment_is_used(server, tmp_path, monkeypatch):
    # The server is asked for a whole address, as a proxy is; it takes the path's last parts.
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(DownloadError):
        download.fetch(tmp_path, mirrors=["http://mirror.invalid/x/"], timeouts=QUICK)
    assert any("mirror.invalid" in asked for asked in server.asked)


def test_ca_bundle_of_the_environment_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(DownloadError, match="REQUESTS_CA_BUNDLE names no file"):
        download.fetch(tmp_path, mirrors=["https://127.0.0.1:9/"], timeouts=QUICK)


def run_children(count: int, folder: Path, published_folder: Path, body: str) -> list[str]:
    """Start processes that fetch at the same moment; return what each printed."""
    script = f"""
        import sys, time
        from pathlib import Path
        from dataset import stand_in
        from digit_classifier.dataset import download
        from digit_classifier.dataset.download import Timeouts
        from digit_classifier.errors import DigitError
        stand_in.publish(Path({str(published_folder)!r}))
        folder = Path({str(folder)!r})
        def fetch_from(*addresses, **timeouts):
            try:
                download.fetch(folder, mirrors=addresses, timeouts=Timeouts(**timeouts))
                print("fetched")
            except DigitError as error:
                print(type(error).__name__, error)
        print("ready", flush=True)
        sys.stdin.readline()
        {body}
    """
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(count)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    return [child.communicate(timeout=60)[0].strip() for child in children]


def test_eight_processes_at_once_download_once(server, tmp_path, published_folder):
    body = f"fetch_from({server.url('good')!r})"
    assert run_children(8, tmp_path, published_folder, body) == ["fetched"] * 8
    assert server.asked == {f"good/{name}": 1 for name in NAMES}
    assert_complete(tmp_path)


def test_killed_process_leaves_no_lock_and_its_bytes_are_used(server, tmp_path, published_folder):
    code = f"""
from pathlib import Path
from dataset import stand_in
from digit_classifier.dataset import download
stand_in.publish(Path({str(published_folder)!r}))
download.fetch(Path({str(tmp_path)!r}), mirrors=[{server.url("stalled")!r}])
"""
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as child:
        half = (published_folder / IMAGES).stat().st_size // 2
        while not (part(tmp_path).exists() and part(tmp_path).stat().st_size == half):
            assert child.poll() is None
            time.sleep(0.02)
        child.kill()
    server.ranges.clear()
    download.fetch(tmp_path, mirrors=[server.url("good")])
    assert server.ranges[0] == f"bytes={half}-"
    assert_complete(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_full_disk_is_one_sentence_and_leaves_nothing_half_written(
    server, tmp_path, published_folder
):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    body = f"{limit}; fetch_from({server.url('good')!r})"
    (said,) = run_children(1, tmp_path / "disk", published_folder, body)
    assert said.startswith("StorageError cannot write")
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [".lock"]


def test_folder_that_cannot_be_made_is_one_sentence(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write"):
        download.fetch(tmp_path / "file" / "mnist", mirrors=[server.url("good")])
    assert not server.asked
