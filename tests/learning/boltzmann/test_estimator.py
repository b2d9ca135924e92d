"""The estimator in scikit-learn's own machinery."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from tests.learning.boltzmann.machines import rows
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import (
    BoltzmannEstimator,
    BoltzmannMachine,
    hidden_probabilities,
    log_likelihood,
    log_partition,
    row_entropy,
)
from thermo_cl.learning.data import bars_and_stripes, binarised, digits
from thermo_cl.learning.phases import always_on, isd, two_term

BARS = bars_and_stripes(3).inputs


def test_fit_learns_and_follows_its_seed() -> None:
    estimator = BoltzmannEstimator(10, learning_rate=0.2, batch_size=4, n_iter=3000, random_state=0)
    features = estimator.fit_transform(BARS)
    assert row_entropy(BARS) < -estimator.score(BARS) < row_entropy(BARS) + 0.9  # from 6.24 nats
    assert_array_equal(features, hidden_probabilities(estimator.machine_, BARS))
    assert_array_equal(estimator.score_samples(BARS), log_likelihood(estimator.machine_, BARS))
    again = clone(estimator).fit(BARS)
    assert_array_equal(again.components_, estimator.components_)
    assert estimator.components_.shape == (10, 9)
    assert estimator.intercept_hidden_.shape == (10,)
    assert estimator.intercept_visible_.shape == (9,)
    assert estimator.n_features_in_ == 9
    assert len(estimator.get_feature_names_out()) == 10


@pytest.mark.parametrize("schedule", [None, isd(0.4, 2), always_on(0.5, 3)], ids=["default", "isd", "always-on"])
def test_partial_fit_goes_on(schedule) -> None:
    parts = BoltzmannEstimator(4, schedule=schedule, random_state=1)
    for _ in range(3):
        parts.partial_fit(BARS)
    first = parts.components_
    parts.partial_fit(BARS)
    assert np.abs(parts.components_ - first).max() > 0
    assert parts.state_.moments.count >= 4


def test_clone_pipeline_and_grid() -> None:
    estimator = BoltzmannEstimator(5, schedule=isd(0.5, 2), couplings=True, random_state=2)
    copied = clone(estimator)
    assert copied.get_params() == estimator.get_params()
    assert not hasattr(copied, "machine_")
    assert estimator.set_params(n_components=6).n_components == 6
    x, y = rows(60, 8, seed=1), np.arange(60) % 2
    first, last = BoltzmannEstimator(12, n_iter=5, random_state=0), LogisticRegression()
    expected = clone(last).fit(clone(first).fit(x).transform(x), y).predict_proba(clone(first).fit(x).transform(x))
    assert_allclose(make_pipeline(first, last).fit(x, y).predict_proba(x), expected, rtol=1e-12)
    grid = GridSearchCV(BoltzmannEstimator(random_state=0, n_iter=2), {"n_components": [2, 3]}, cv=2).fit(x)
    assert grid.best_params_["n_components"] in {2, 3}


def test_samples_come_from_the_machine() -> None:
    estimator = BoltzmannEstimator(6, learning_rate=0.2, n_iter=300, random_state=0).fit(BARS)
    v = estimator.gibbs(np.tile(BARS, (2000, 1)), steps=40)
    q = np.bincount((v.astype(int) << np.arange(9)).sum(1), minlength=512) / len(v)
    p = np.exp(log_likelihood(estimator.machine_, (np.arange(512)[:, None] >> np.arange(9) & 1).astype(float)))
    assert 0.5 * np.abs(p - q).sum() < 0.08


def test_scores_of_large_machines_are_comparable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The annealed constant is near the exact one, asked for once, and again after more learning."""
    x = rows(40, 12)
    estimator = BoltzmannEstimator(14, scale=0.3, n_iter=20, random_state=0).fit(x)
    exact = estimator.score_samples(x)
    assert estimator.log_partition_ == (log_partition(estimator.machine_), 0.0)
    estimator.partial_fit(x)
    exact, known = log_likelihood(estimator.machine_, x), estimator.log_partition_[0]
    monkeypatch.setattr("thermo_cl.learning.boltzmann.estimator.LARGEST", 11)
    assert estimator.log_partition_ == (known, 0.0)  # kept
    again = clone(estimator).fit(x).partial_fit(x)
    value, error = again.log_partition_
    assert 0 < error < 0.05
    assert abs(value - known) < 4 * error
    assert_allclose(again.score_samples(x), exact + known - value, rtol=1e-12)


def test_learns_what_scikit_learn_does() -> None:
    """Persistent contrastive divergence on its digits: the same exact likelihood, far from that of coins."""
    x = binarised(digits(), threshold=0.4).inputs
    settings = {"learning_rate": 0.05, "batch_size": 10, "n_iter": 15, "random_state": 0}
    ours = BoltzmannEstimator(16, schedule=two_term(1, persistent=True), **settings).fit(x)
    peer = BernoulliRBM(16, **settings).fit(x)
    theirs = BoltzmannMachine(peer.components_, peer.intercept_hidden_, peer.intercept_visible_)
    assert abs(ours.score(x) - log_likelihood(theirs, x).mean()) < 1.0
    assert ours.score(x) > -64 * np.log(2) + 20


def test_fitted_attributes_are_absent_before_fit_and_after_a_failed_one() -> None:
    estimator = BoltzmannEstimator(3, batch_size=0, random_state=0)
    for _ in range(2):
        for name in ("components_", "intercept_hidden_", "intercept_visible_", "n_features_in_", "log_partition_"):
            assert not hasattr(estimator, name)
        with pytest.raises(NotFittedError):
            check_is_fitted(estimator)
        with pytest.raises(InvalidParameterError, match="batch_size"):
            estimator.fit(BARS)
    fitted = BoltzmannEstimator(3, n_iter=1, random_state=0).fit(BARS)
    before = fitted.machine_
    with pytest.raises(InvalidParameterError, match="rate"):
        fitted.set_params(learning_rate=-1.0).fit(BARS)
    assert fitted.machine_ is before


def test_rows_of_any_kind_are_the_same_rows() -> None:
    expected = BoltzmannEstimator(3, n_iter=2, random_state=0).fit(BARS)
    for x in (BARS.astype(bool), BARS.astype(int), np.asfortranarray(BARS.astype(float)), BARS.tolist()):
        found = BoltzmannEstimator(3, n_iter=2, random_state=0).fit(x)
        assert_array_equal(found.components_, expected.components_)
        assert_array_equal(found.score_samples(x), expected.score_samples(BARS))
    for wrong, said in ((csr_array(BARS), "dense"), (BARS[0], r"\(n, units\)"), (None, "dense")):
        with pytest.raises(InvalidParameterError, match=said):
            BoltzmannEstimator(3).fit(wrong)


def test_names_of_features_are_kept_and_compared() -> None:
    frame = pytest.importorskip("pandas").DataFrame(BARS, columns=list("abcdefghi"))
    estimator = BoltzmannEstimator(3, n_iter=1, random_state=0).fit(frame)
    assert estimator.feature_names_in_.tolist() == list("abcdefghi")
    assert_array_equal(estimator.transform(frame), estimator.transform(BARS))
    for call in (estimator.transform, estimator.score_samples, estimator.partial_fit, estimator.gibbs):
        with pytest.raises(InvalidParameterError, match="in order"):
            call(frame[list("ihgfedcba")])
    assert len(estimator.get_feature_names_out(list("abcdefghi"))) == 3
    for names in (list("ihgfedcba"), ["a"]):
        with pytest.raises(InvalidParameterError, match="input_features"):
            estimator.get_feature_names_out(names)
    assert not hasattr(estimator.fit(BARS), "feature_names_in_")


def test_bad_input_is_refused() -> None:
    estimator = BoltzmannEstimator(3, random_state=0)
    with pytest.raises(InvalidParameterError, match="fitted first"):
        estimator.transform(BARS)
    with pytest.raises(InvalidParameterError, match="one of n_components"):
        estimator.set_params(hidden=3)
    for x in (BARS / 2, BARS[0], np.full((2, 3), np.nan), [["a"]], np.zeros((0, 3))):
        with pytest.raises(InvalidParameterError):
            estimator.fit(x)
    for changed in (
        {"n_iter": -1},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"n_components": 0},
        {"schedule": "isd"},
    ):
        with pytest.raises(InvalidParameterError):
            BoltzmannEstimator(**{"n_components": 3, "random_state": 0, **changed}).fit(BARS)
    with pytest.raises(InvalidParameterError, match=r"\(n, 9\)"):
        estimator.fit(BARS).transform(BARS[:, :4])
    with pytest.raises(InvalidParameterError, match=r"\(n, 9\)"):
        estimator.partial_fit(BARS[:, :4])


def test_scikit_learn_is_not_imported() -> None:
    code = "import sys; from thermo_cl.learning import BoltzmannEstimator; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
