"""Averages over realisations: the same numbers everywhere, and nothing lost when a process dies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from bad_input import check_is_named

from lmgbook.glassy import ensemble_average
from lmgbook.realisations import map_realisations

HERE = Path(__file__).parent


class Draw:
    """Draws numbers and logs the call; may end its process, once, at the call of a given number."""

    def __init__(self, log, end_at=None, how="kill"):
        self.log, self.end_at, self.how = Path(log), end_at, how

    def __call__(self, rng):
        numbers = rng.normal(size=3)
        with open(self.log, "ab", buffering=0) as file:  # appending one byte is atomic
            file.write(b".")
        if self.end_at is not None and calls(self.log) >= self.end_at:
            try:
                self.log.with_suffix(".ended").touch(exist_ok=False)
            except FileExistsError:
                return numbers
            if self.how == "interrupt":
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGKILL)
        return numbers


def calls(log):
    return Path(log).stat().st_size if Path(log).exists() else 0


def draw(rng):
    return rng.normal(size=3)


def expected(realisations, seed=0):
    children = np.random.SeedSequence(seed).spawn(realisations)
    return np.array([draw(np.random.default_rng(child)) for child in children])


def files(directory):
    return sorted(Path(directory).rglob("output.pkl"))


@pytest.fixture(autouse=True)
def fresh():
    # joblib writes a function's source into the first folder that a process uses and not into the
    # next; other processes would then run the first batch again: one process, one folder
    joblib.memory._FUNCTION_HASHES.clear()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    import distributed

    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        worker_dashboard_address=None,
        local_directory=str(tmp_path_factory.mktemp("dask")),
        silence_logs=50,
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


# ---------------------------------------------------------------- the same numbers everywhere


@pytest.mark.parametrize("batch", [32, 1, 3, 7, 100])
def test_each_realisation_has_its_own_seed_whatever_the_batches(batch):
    assert np.array_equal(map_realisations(draw, 7, seed=5, batch=batch), expected(7, 5))


def test_shapes_and_kinds_of_results():
    assert map_realisations(lambda rng: rng.random(), 4).shape == (4,)
    assert map_realisations(lambda rng: rng.random((2, 3)) * 1j, 4).shape == (4, 2, 3)
    assert map_realisations(lambda rng: rng.integers(9), 40, batch=9).dtype.kind == "i"


@pytest.mark.parametrize("workers", [1, 2])
def test_joblib_gives_the_same_numbers(workers):
    ours = map_realisations(draw, 23, seed=2, engine=("joblib", workers), batch=2)
    assert np.array_equal(ours, expected(23, 2))


def test_joblib_on_all_cores():
    assert np.array_equal(map_realisations(draw, 9, engine="joblib", batch=2), expected(9))


def test_dask_gives_the_same_numbers(client):
    # many more batches than are submitted at once
    ours = map_realisations(draw, 101, seed=2, engine=client, batch=2)
    assert np.array_equal(ours, expected(101, 2))


def test_an_ensemble_average_is_the_same_on_every_engine(client, tmp_path):
    arguments = (30, 3, 6, np.geomspace(1e-5, 1e-2, 5), 12)
    serial = ensemble_average(*arguments, seed=4, exclusion=0.05)
    for engine in (("joblib", 2), client):
        other = ensemble_average(*arguments, seed=4, exclusion=0.05, engine=engine, batch=3)
        assert np.array_equal(other.magnetization_samples, serial.magnetization_samples)
        assert np.array_equal(other.square_samples, serial.square_samples)
    store = tmp_path / "store"
    ensemble_average(*arguments, seed=4, exclusion=0.05, engine=client, batch=3, checkpoint=store)
    assert len(files(store)) == 4
    options = {"batch": 3, "checkpoint": store}
    again = ensemble_average(*arguments, seed=4, exclusion=0.05, **options)
    assert np.array_equal(again.magnetization_samples, serial.magnetization_samples)
    assert len(files(store)) == 4
    ensemble_average(*arguments, seed=4, exclusion=0.06, **options)  # another problem
    assert len(files(store)) == 8


# ---------------------------------------------------------------- deaths and interruptions


def test_a_killed_dask_worker_loses_nothing(client, tmp_path):
    client.wait_for_workers(2, timeout=300)
    before = set(client.run(os.getpid).values())
    task = Draw(tmp_path / "log", end_at=20)
    store = tmp_path / "store"
    ours = map_realisations(task, 60, seed=3, engine=client, batch=2, checkpoint=store, key="draw")
    assert (tmp_path / "log.ended").exists()
    client.wait_for_workers(2, timeout=300)
    assert len(before - set(client.run(os.getpid).values())) == 1  # one of the two was killed
    assert np.array_equal(ours, expected(60, 3))
    assert len(files(store)) == 30
    # run twice: at most the batches that the dead worker held, two a worker and one more
    assert 60 < calls(task.log) <= 60 + 2 * 5
    again = map_realisations(task, 60, seed=3, batch=2, checkpoint=store, key="draw")
    assert np.array_equal(again, ours)


def test_an_error_in_a_task_reaches_the_caller_and_the_cluster_goes_on(client):
    with pytest.raises(ZeroDivisionError):
        map_realisations(lambda rng: 1 // 0, 50, engine=client, batch=1)
    assert np.array_equal(map_realisations(draw, 5, engine=client), expected(5))


@pytest.mark.parametrize("engine", [None, ("joblib", 2)])
def test_an_interrupted_run_goes_on(tmp_path, engine):
    task, store = Draw(tmp_path / "log", end_at=9, how="interrupt"), tmp_path / "store"
    options = {"seed": 4, "batch": 2, "checkpoint": store, "key": "draw"}
    with pytest.raises(KeyboardInterrupt):
        map_realisations(task, 20, **options)
    assert calls(task.log) == 9 and len(files(store)) == 4
    ours = map_realisations(task, 20, engine=engine, **options)
    assert np.array_equal(ours, expected(20, 4))
    assert calls(task.log) == 9 + 20 - 8  # the one under way is all that was computed twice
    again = map_realisations(task, 20, **options)
    assert np.array_equal(again, ours) and calls(task.log) == 21


def test_a_killed_main_process_loses_no_finished_batch(tmp_path):
    program = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from test_realisations import Draw, map_realisations
task = Draw({str(tmp_path / "log")!r}, end_at=12)
options = {{"batch": 3, "checkpoint": {str(tmp_path / "store")!r}, "key": "draw"}}
map_realisations(task, 20, seed=6, progress=True, **options)
"""
    environment = {**os.environ, "TQDM_DISABLE": "1"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True)
    assert run.returncode == -signal.SIGKILL and run.stderr == b""
    assert calls(tmp_path / "log") == 12 and len(files(tmp_path / "store")) == 3
    task = Draw(tmp_path / "log")
    ours = map_realisations(task, 20, seed=6, batch=3, checkpoint=tmp_path / "store", key="draw")
    assert np.array_equal(ours, expected(20, 6))
    assert calls(tmp_path / "log") == 12 + 20 - 9


def test_a_killed_joblib_worker_loses_no_finished_batch(tmp_path):
    task, store = Draw(tmp_path / "log", end_at=11), tmp_path / "store"
    options = {"seed": 1, "batch": 2, "checkpoint": store, "key": "draw"}
    with pytest.raises(RuntimeError):  # loky says that a worker was killed
        map_realisations(task, 30, engine=("joblib", 2), **options)
    done, first = len(files(store)), calls(task.log)
    assert done < 15
    ours = map_realisations(task, 30, **options)
    assert np.array_equal(ours, expected(30, 1))
    assert calls(task.log) - first == 30 - 2 * done


# ---------------------------------------------------------------- the checkpoint


def test_more_or_fewer_realisations_reuse_the_finished_batches(tmp_path):
    task, store = Draw(tmp_path / "log"), tmp_path / "store"
    total = 0
    # of a batch that was shorter or longer before, nothing is used
    for realisations, new in ((10, 10), (6, 2), (10, 0), (25, 17), (25, 0), (3, 3)):
        ours = map_realisations(task, realisations, batch=4, checkpoint=store, key="draw")
        total += new
        assert np.array_equal(ours, expected(realisations))
        assert calls(task.log) == total


@pytest.mark.parametrize("change", [{"key": "other"}, {"seed": 1}, {"batch": 5}])
def test_what_another_problem_left_is_not_used(tmp_path, change):
    task = Draw(tmp_path / "log")
    options = {"seed": 0, "batch": 4, "checkpoint": tmp_path, "key": "draw"}
    map_realisations(task, 8, **options)
    ours = map_realisations(task, 8, **{**options, **change})
    assert np.array_equal(ours, expected(8, change.get("seed", 0))) and calls(task.log) == 16
    assert np.array_equal(map_realisations(task, 8, **options), expected(8))
    assert calls(task.log) == 16


def test_without_a_key_the_parameters_of_the_task_are_the_key(tmp_path):
    for log, total in (("one", 8), ("two", 8), ("one", 8)):
        task = Draw(tmp_path / log)
        ours = map_realisations(task, 8, checkpoint=tmp_path)
        assert np.array_equal(ours, expected(8)) and calls(task.log) == total


def cut(data):
    return data[: len(data) // 2]


def flip(place):
    def damage(data):
        at = int(place * len(data))
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return damage


@pytest.mark.parametrize(
    "damage",
    [cut, lambda data: b"", lambda data: b"nonsense" * 20]
    + [flip(place) for place in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.99)],
)
def test_a_damaged_file_is_computed_again(tmp_path, damage):
    task, store = Draw(tmp_path / "log"), tmp_path / "store"
    map_realisations(task, 8, batch=4, checkpoint=store, key="draw")
    path = files(store)[1]
    data = path.read_bytes()
    assert damage(data) != data
    path.write_bytes(damage(data))
    for _ in range(2):
        ours = map_realisations(task, 8, batch=4, checkpoint=store, key="draw")
        assert np.array_equal(ours, expected(8))
        assert calls(task.log) == 12
    assert path.read_bytes() == data


# ---------------------------------------------------------------- the bar


def test_the_bar_is_shown_when_asked_for_and_dask_is_not_imported():
    program = """
import sys
from lmgbook.glassy import ensemble_average
from lmgbook.realisations import map_realisations
map_realisations(lambda rng: rng.normal(size=3), 8)
print("here", file=sys.stderr)
map_realisations(lambda rng: rng.normal(size=3), 20, batch=8, progress=True)
assert not {"dask", "distributed"} & set(sys.modules)
"""
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, capture_output=True, text=True
    )
    silent, shown = run.stderr.split("here\n")
    assert silent == "" and "20/20" in shown


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda: map_realisations(3, 5), TypeError, ["task = 3", "callable"]),
        (lambda: map_realisations(draw, 0), ValueError, ["realisations = 0", ">= 1"]),
        (lambda: map_realisations(draw, 2.5), ValueError, ["realisations = 2.5", "integer"]),
        (lambda: map_realisations(draw, 5, seed=-1), ValueError, ["seed = -1", ">= 0"]),
        (lambda: map_realisations(draw, 5, seed=None), TypeError, ["seed = None", "integer"]),
        (lambda: map_realisations(draw, 5, batch=0), ValueError, ["batch = 0", ">= 1"]),
        (
            lambda: map_realisations(draw, 5, engine="dask"),
            ValueError,
            ["engine = 'dask'", "joblib"],
        ),
        (lambda: map_realisations(draw, 5, engine=4), TypeError, ["engine = 4", "Client"]),
        (
            lambda: map_realisations(draw, 5, engine=("dask", 2)),
            ValueError,
            ["('dask', 2)", "None"],
        ),
        (
            lambda: map_realisations(draw, 5, engine=("joblib", 0)),
            ValueError,
            ["n_jobs = 0", ">= 1"],
        ),
        (
            lambda: map_realisations(draw, 2**50, checkpoint="x"),
            ValueError,
            ["realisations = 1125899906842624", "GiB"],
        ),
        (lambda: map_realisations(lambda rng: "a", 5), TypeError, ["task returned", "numbers"]),
    ],
)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
    assert not Path("x").exists()


def test_without_dask_the_other_engines_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)  # as if it were not installed
    assert np.array_equal(map_realisations(draw, 3, engine=None), expected(3))
    check_is_named(
        lambda: map_realisations(draw, 3, engine=object()),
        TypeError,
        ["engine", "Client", "joblib"],
    )
