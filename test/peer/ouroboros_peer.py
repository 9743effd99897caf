"""A plugin of pytest for llama.cpp's server tests: the model is another one, and what is not applicable is skipped with its reason."""

import json
import os

import pytest

with open(os.environ["PEER_RULES"]) as file:
    RULES = json.load(file)

# What a test compares with the text or the token counts of the model that it would have downloaded.
OTHER_MODELS = ("re_content", "n_prompt", "n_token_output")


class Anything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: needs a large model")
    import utils

    matches = utils.match_regex
    utils.match_regex = lambda regex, text: matches(regex, text) if running in RULES["texts"] else isinstance(text, str)
    utils.download_file = lambda url, path=None: "draft.gguf"
    utils.ServerPreset.load_all = staticmethod(lambda: None)


running = None


def name_of(item):
    return item.nodeid.removeprefix("unit/").split("[")[0]


def pytest_runtest_setup(item):
    global running
    running = name_of(item)


def reason_of(item):
    if item.get_closest_marker("slow"):
        return "needs a model of gigabytes from a hub"
    name = item.nodeid.removeprefix("unit/")
    # The longest name that fits is the most particular one.
    fitting = [key for key in RULES["tests"] if name == key or name.startswith(key + "[") or name.startswith(key + "::")]
    return RULES["tests"][max(fitting, key=len)] if fitting else None


def pytest_collection_modifyitems(items):
    for item in items:
        reason = reason_of(item)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
        params = getattr(getattr(item, "callspec", None), "params", {})
        for name in OTHER_MODELS if name_of(item) not in RULES["texts"] else ():
            if params.get(name) is not None:
                params[name] = Anything()


results = {}


def pytest_runtest_logreport(report):
    if report.skipped:
        results[report.nodeid] = {"outcome": "not applicable", "reason": str(report.longrepr[2]).removeprefix("Skipped: ")}
    elif report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash else str(report.longrepr)
        results[report.nodeid] = {"outcome": "failed", "reason": message.splitlines()[0][:200]}
    elif report.when == "call":
        results.setdefault(report.nodeid, {"outcome": "passed"})
    with open(os.environ["PEER_RESULTS"], "w") as file:
        json.dump(results, file)
